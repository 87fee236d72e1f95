// The left side: a customer's Telegram.
import { api } from "./api.js";
import { createComposer } from "./composer.js";
import { avatar, clock, dayName, el, patchList, scroller, stickToEnd } from "./dom.js";
import { ask, attempt, telegramToast } from "./notices.js";
import { chatName, chats, currentChat, isGroup, store } from "./store.js";
import { bubble } from "./telegram_message.js";
import { unread } from "./unread.js";

/** Fill the pane. Returns {draw, toast, composer}. */
export function mountTelegram(pane) {
  const menu = el("button", {
    type: "button", class: "menu-button", id: "telegram-menu", "aria-label": "Commands",
  }, "☰");
  const composer = createComposer({
    name: "telegram", placeholder: "Message", label: "Message to the bot", before: menu,
    suggest: (text) => matching(text), send: (text) => api.send(store.view.chat, text),
  });
  menu.addEventListener("click", (event) => {
    composer.openMenu(composer.menuOpen() ? [] : menuItems(composer));
    if (event.detail === 0) composer.focus(); // opened by keyboard: the arrow keys go on from here
  });
  const parts = {
    people: el("div", { class: "people", role: "group", "aria-label": "Customers" }),
    head: el("header", { class: "chat-head" }),
    list: scroller("messages", "telegram-messages", "Conversation"),
    toasts: el("div", { class: "toasts" }),
    start: el("button", { type: "button", class: "start", id: "telegram-start", hidden: true }),
    composer,
  };
  parts.start.addEventListener("click", () => attempt(() => startOrUnblock()));
  pane.append(
    el("nav", { class: "side", "aria-label": "Customers" },
      el("h2", { class: "side-title" }, "Customers"), parts.people, addButton()),
    el("div", { class: "chat" }, parts.head, parts.list, parts.toasts, parts.start, composer.node));
  parts.stick = stickToEnd(parts.list);
  return { draw: () => draw(parts), toast: (event) => toast(parts, event), composer };
}

const addButton = () => el("button", {
  type: "button", class: "add", id: "add-customer", onclick: () => attempt(addCustomer),
},
el("span", { class: "avatar add-sign", "aria-hidden": "true" }, "+"),
el("span", { class: "person-name" }, "Add", el("span", { class: "wide-only" }, " customer")));

function draw(parts) {
  patchList(parts.people, chats(store.state).map(person));
  const chat = currentChat();
  if (!chat) return;
  patchList(parts.head, [{ key: `${chat.id}`, print: headPrint(chat), render: () => head(chat) }]);
  const switched = parts.list.dataset.chat !== String(chat.id);
  parts.list.dataset.chat = chat.id;
  parts.stick.patch(messageItems(chat), switched || ownIsLast(chat));
  drawFoot(parts, chat);
}

const headPrint = (chat) => JSON.stringify([chatName(chat), chat.blocked, chat.deactivated, chat.language_code]);

const ownIsLast = (chat) => chat.messages.at(-1)?.from === "customer";

function person(chat) {
  const here = chat.id === store.view.chat;
  const count = unread(`t:${chat.id}`);
  const last = chat.messages.filter((message) => !message.deleted).at(-1);
  const preview = chat.blocked ? "blocked the bot" : last?.text || last?.document?.file_name || "no messages";
  return {
    key: `${chat.id}`,
    print: JSON.stringify([chatName(chat), here, count, preview, last?.date]),
    render: () => el("button", {
      type: "button", class: "person", "data-customer": chat.id, "aria-pressed": String(here), "data-focus": chat.id,
      onclick: () => store.look({ chat: chat.id }),
    },
    avatar(chat.id, chatName(chat)),
    el("span", { class: "person-name" }, chatName(chat)),
    el("span", { class: "person-time" }, last ? clock(last.date) : ""),
    el("span", { class: "person-preview" }, preview),
    count ? el("span", { class: "badge" }, String(count), el("span", { class: "sr-only" }, " unread")) : null),
  };
}

function head(chat) {
  const { bot } = store.state.telegram;
  return el("div", { class: "chat-head-row" },
    el("img", { src: "/static/bell.svg", alt: "", class: "bot-face" }),
    el("div", { class: "chat-title" }, el("h2", {}, bot.first_name), el("p", {}, about(chat))),
    isGroup(chat) || chat.deactivated ? null : el("button", {
      type: "button", class: "head-button", id: "block-toggle", "data-focus": "block",
      onclick: () => attempt(() => api.block(chat.id, !chat.blocked)),
    }, chat.blocked ? "Unblock" : "Block bot"));
}

function about(chat) {
  if (isGroup(chat)) return "in a group of the staff";
  if (chat.deactivated) return `${chatName(chat)} has deleted the account`;
  return `${chatName(chat)}'s phone · ${languageName(chat.language_code)}`;
}

function languageName(code) {
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(code);
  } catch {
    return code || "no language set"; // not a code that the browser knows
  }
}

function messageItems(chat) {
  const messages = chat.messages.filter((message) => !message.deleted);
  if (!messages.length) {
    return [{ key: `empty-${chat.id}`, print: chat.description, render: () => emptyState(chat) }];
  }
  const { bot } = store.state.telegram;
  const items = [];
  let day = "";
  for (const message of messages) {
    const today = dayName(message.date);
    const render = () => el("p", { class: "day" }, today);
    if (today !== day) items.push({ key: `day-${today}`, print: today, render });
    day = today;
    items.push({
      key: `${chat.id}-${message.message_id}`,
      print: JSON.stringify(message),
      render: () => bubble(chat, message, bot),
    });
  }
  return items;
}

/** What Telegram shows before the first word: the description that the bot registered. */
function emptyState(chat) {
  if (isGroup(chat) || !chat.description) return el("div", { class: "empty" }, el("h3", {}, "No messages here yet"));
  return el("div", { class: "empty" },
    el("h3", {}, "What can this bot do?"), el("p", { dir: "auto" }, chat.description));
}

function drawFoot(parts, chat) {
  parts.start.hidden = isGroup(chat) || chat.deactivated || !(chat.blocked || !chat.started);
  parts.composer.node.hidden = Boolean(!parts.start.hidden || chat.kicked || chat.deactivated);
  parts.start.textContent = chat.blocked ? "UNBLOCK" : "START";
}

function startOrUnblock() {
  const chat = currentChat();
  return chat.blocked ? api.block(chat.id, false) : api.start(chat.id, "");
}

/** The commands that the bot registered for this chat and language. */
const commands = () => currentChat()?.commands || [];

function matching(text) {
  if (!/^\/\S*$/.test(text)) return [];
  return commands().filter(({ command }) => `/${command}`.startsWith(text.toLowerCase()))
    .map(({ command, description }) => ({ insert: `/${command} `, title: `/${command}`, hint: description }));
}

function menuItems(composer) {
  const items = matching("/").map((item) => (
    { ...item, run: () => attempt(() => api.send(store.view.chat, item.title)) }));
  if (!items.length) composer.fill("/");
  return items;
}

async function addCustomer() {
  const answer = await ask({
    title: "Add a customer", yes: "Add", no: "Cancel",
    fields: [
      el("label", {}, "First name",
        el("input", { name: "first_name", required: true, maxlength: "64", autocomplete: "off" })),
      el("label", {}, "Language of the phone", el("select", { name: "language_code" },
        el("option", { value: "en" }, "English"), el("option", { value: "zh-hans" }, "简体中文"))),
    ],
  });
  if (!answer) return;
  const made = await api.addCustomer(answer.first_name, answer.language_code);
  store.view.chat = made.id ?? made.customer?.id ?? store.view.chat;
  store.changed();
}

function toast(parts, event) {
  if (event.customer === store.view.chat) telegramToast(parts.toasts, event.text, event.alert);
}
