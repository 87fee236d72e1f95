// One Slack message, with its thread folded below it.
import { avatar, clock, el } from "./dom.js";
import { pressed } from "./slack_press.js";
import { blockNodes } from "./slack_blocks.js";
import { mrkdwn, userName } from "./slack_mrkdwn.js";
import { store } from "./store.js";

const openThreads = new Set();

/** The node of a message; `replies` are the messages of its thread. */
export function slackMessage(message, replies = []) {
  const mine = message.ephemeral;
  const author = message.author || message.user;
  const byBot = author === "bot";
  const name = byBot ? botName() : userName(author);
  return el("article", {
    class: `post ${mine ? "ephemeral" : ""}`, "aria-label": name,
    "data-ts": message.ts, "data-ephemeral": mine ? "true" : null,
  },
  mine ? el("p", { class: "only-you" }, el("span", { "aria-hidden": "true" }, "👁"), " Only visible to you") : null,
  byBot ? el("img", { src: "/static/bell.svg", alt: "", class: "post-face" }) : avatar(author, name),
  el("div", { class: "post-body" },
    el("p", { class: "post-head" }, el("b", {}, name), byBot ? el("span", { class: "app-mark" }, "APP") : null,
      el("time", {}, clock(Number(message.ts)))),
    content(message),
    message.edited ? el("span", { class: "edited" }, "(edited)") : null,
    replies.length ? thread(message, replies) : null));
}

const botName = () => store.state.slack.bot?.real_name || "Stockbell";

function content(message) {
  const act = (action) => pressed({ user: store.view.user, channel: message.channel, ts: message.ts, ...action });
  const attachments = (message.attachments || []).map((one) => attachment(one, act));
  if (message.blocks?.length) return el("div", { class: "blocks" }, blockNodes(message.blocks, act), attachments);
  const text = message.text ? el("div", { class: "block-text" }, mrkdwn(message.text)) : null;
  return el("div", { class: "blocks" }, text, attachments);
}

/** Blocks beside a coloured bar. https://docs.slack.dev/messaging/formatting-message-text#attachments */
function attachment(one, act) {
  const text = () => el("div", { class: "block-text" }, mrkdwn(one.text || one.fallback));
  const box = el("div", { class: "blocks attachment" }, one.blocks?.length ? blockNodes(one.blocks, act) : text());
  if (/^#?[0-9a-f]{3,6}$/i.test(one.color || "")) box.style.borderColor = `#${one.color.replace("#", "")}`;
  return box;
}

function thread(message, replies) {
  const box = el("details", { class: "thread" },
    el("summary", {}, `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`),
    replies.map((reply) => slackMessage(reply)));
  box.open = openThreads.has(message.ts);
  box.addEventListener("toggle", () => (box.open ? openThreads.add(message.ts) : openThreads.delete(message.ts)));
  return box;
}
