// One Slack message, with its thread folded below it.
import { api } from "./api.js";
import { avatar, clock, el } from "./dom.js";
import { attempt } from "./notices.js";
import { blockNodes } from "./slack_blocks.js";
import { mrkdwn, userName } from "./slack_mrkdwn.js";
import { store } from "./store.js";

const openThreads = new Set();

/** The node of a message; `replies` are the messages of its thread. */
export function slackMessage(message, replies = []) {
  const byBot = !message.user || message.bot;
  const mine = message.ephemeral;
  const name = byBot ? botName() : userName(message.user);
  return el("article", {
    class: `post ${mine ? "ephemeral" : ""}`, "data-ts": message.ts, "data-ephemeral": mine ? "true" : null, "aria-label": name,
  },
  mine ? el("p", { class: "only-you" }, el("span", { "aria-hidden": "true" }, "👁"), " Only visible to you") : null,
  byBot ? el("img", { src: "/static/bell.svg", alt: "", class: "post-face" }) : avatar(message.user, name),
  el("div", { class: "post-body" },
    el("p", { class: "post-head" }, el("b", {}, name), byBot ? el("span", { class: "app-mark" }, "APP") : null,
      el("time", {}, clock(Number(message.ts)))),
    content(message),
    message.edited ? el("span", { class: "edited" }, "(edited)") : null,
    replies.length ? thread(message, replies) : null));
}

const botName = () => store.state.slack.bot?.name || "Stockbell";

function content(message) {
  const act = (action) => attempt(() => api.press(
    { user: store.view.user, channel: message.channel, ts: message.ts, ...action }));
  if (message.blocks?.length) return el("div", { class: "blocks" }, blockNodes(message.blocks, act));
  return el("div", { class: "blocks" }, el("div", { class: "block-text" }, mrkdwn(message.text)));
}

function thread(message, replies) {
  const box = el("details", { class: "thread" },
    el("summary", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    replies.map((reply) => slackMessage(reply)));
  box.open = openThreads.has(message.ts);
  box.addEventListener("toggle", () => (box.open ? openThreads.add(message.ts) : openThreads.delete(message.ts)));
  return box;
}
