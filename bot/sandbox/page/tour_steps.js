// The steps of the tour: what is said, done and waited for. tour.js walks through them.
import { chats } from "./store.js";
import { plan } from "./tour_plan.js";

const toldOf = (state) => (chats(state).find((chat) => chat.id === plan.customer_id)?.messages || [])
  .filter((one) => one.from === "bot");
const postsOf = (state) => state.slack.channels.find((one) => one.id === plan.channel)?.messages || [];
const answersOf = (state) => [
  ...postsOf(state), ...(state.slack.ephemerals || []).filter((one) => one.user === plan.staff)];

// A message and its revision: an edit makes it new again.
const mark = (one) => `${one.message_id ?? one.ts}/${one.edits ?? 0}`;
const fresh = (list, before) => list.filter((one) => !before.includes(mark(one))).at(-1);

/** What stands there before a step, so that the step can tell what is new. */
export function marks(state) {
  return { told: toldOf(state).map(mark), posts: postsOf(state).map(mark), answers: answersOf(state).map(mark) };
}

/** The Acknowledge button among a message's blocks, or undefined. */
export function acknowledgeOf(message) {
  const buttons = (message.blocks || []).flatMap((block) => [...(block.elements || []), block.accessory || {}])
    .filter((one) => one.type === "button");
  return buttons.find((one) => /ack/i.test(one.action_id)) || buttons.find((one) => /ack/i.test(one.text?.text));
}

export const STEPS = [
  {
    pane: "telegram",
    needed: (state) => !chats(state).find((chat) => chat.id === plan.customer_id)?.started,
    caption: () => "A customer has found the shop's bot and presses START.",
    act: (tour) => tour.begin(),
    seen: (state, before) => fresh(toldOf(state), before.told),
    done: "The bot says what it can do.",
    why: "The bot did not answer the customer.",
  },
  {
    pane: "telegram",
    caption: () => `A customer wants ${plan.sold_out_sku}. It is sold out: “tell me when it is back”.`,
    act: (tour) => tour.say("telegram", `/notify ${plan.sold_out_sku}`),
    seen: (state, before) => fresh(toldOf(state), before.told),
    done: "The bot confirms the place in line.",
    why: "The bot did not answer the customer.",
  },
  {
    pane: "slack",
    caption: () => "A delivery arrives. Staff book it with one line in Slack.",
    act: (tour) => tour.say("slack", `/stock ${plan.sold_out_sku} +5 delivery`),
    seen: (state, before) => fresh(answersOf(state), before.answers),
    done: "Booked, with who and why.",
    why: "The bot did not answer in Slack. May this member of staff change stock?",
  },
  {
    pane: "telegram",
    sinceLast: true,
    caption: () => "The customer hears of it at once, and nobody had to think of it.",
    seen: (state, before) => fresh(toldOf(state), before.told),
    done: "Everyone in the line is told in order, each once.",
    why: "No restock message came.",
  },
  {
    pane: "slack",
    caption: () => `Then ${plan.low_minus} × ${plan.low_sku} are sold: it falls below its reorder point.`,
    act: (tour) => tour.say("slack", `/stock ${plan.low_sku} -${plan.low_minus} sold`),
    // A post of its own: the summary of the shop's import may be edited at any moment.
    seen: (state, before) => fresh(postsOf(state).filter((one) => acknowledgeOf(one) && !one.edits), before.posts),
    done: "One message in the channel. It stays true by edits and is not repeated.",
    why: "No low-stock message came.",
  },
  {
    pane: "slack",
    caption: () => "Somebody takes care of it and presses Acknowledge.",
    act: (tour, alert) => tour.press(alert, acknowledgeOf(alert)),
    seen: (state, before, alert) => fresh(postsOf(state).filter((one) => one.ts === alert.ts), before.posts),
    done: "The same message now says who takes care. Nobody is rung twice.",
    why: "The message did not change. May this member of staff acknowledge?",
  },
];
