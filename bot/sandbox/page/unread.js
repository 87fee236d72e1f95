// Which chats hold messages that rang and that nobody has looked at.
import { chats, chatName, store } from "./store.js";

const seen = new Map();
const announced = new Map();

const ringing = (messages) =>
  messages.filter((m) => (m.from === "bot" || m.user === "bot") && m.pings !== false && !m.deleted);

/** All conversations as {key, pane, name, messages}. */
function conversations(state) {
  const people = chats(state).map((chat) => (
    { key: `t:${chat.id}`, pane: "telegram", name: chatName(chat), messages: chat.messages }));
  const channels = state.slack.channels.map((channel) => (
    { key: `s:${channel.id}`, pane: "slack", name: `#${channel.name}`, messages: channel.messages }));
  return [...people, ...channels];
}

const narrow = matchMedia("(max-width: 860px)");

function isOpen({ key, pane }, view) {
  if (narrow.matches && view.pane !== pane) return false;
  return key === `t:${view.chat}` || key === `s:${view.channel}`;
}

/** Note what the reader sees now, and read out what is new. Call it after each change, before drawing. */
export function track() {
  for (const talk of conversations(store.state)) {
    const count = ringing(talk.messages).length;
    if (!seen.has(talk.key) || isOpen(talk, store.view)) seen.set(talk.key, count);
    announce(talk, count);
  }
}

function announce(talk, count) {
  const before = announced.get(talk.key);
  announced.set(talk.key, count);
  if (before === undefined || count <= before) return;
  const last = ringing(talk.messages).at(-1);
  document.getElementById("announcer").textContent = `${talk.name}: ${last.text}`;
}

/** How many unread messages a conversation ("t:<id>" or "s:<id>") has. */
export function unread(key) {
  const talk = conversations(store.state).find((one) => one.key === key);
  return talk ? Math.max(0, ringing(talk.messages).length - (seen.get(key) ?? 0)) : 0;
}

/** Whether anything on a pane is unread. */
export function paneUnread(pane) {
  return conversations(store.state).some((talk) => talk.pane === pane && unread(talk.key) > 0);
}
