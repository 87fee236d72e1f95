// A press in Slack, and what Slack says when the bot does not take it in time.
import { api } from "./api.js";
import { attempt, flash } from "./notices.js";

/** `body` as of POST /sandbox/slack/press. */
export async function pressed(body) {
  const answer = await attempt(() => api.press(body));
  if (answer?.error) flash(`The button was not answered: ${answer.error}`);
}
