// One Telegram bubble: text, document, inline keyboard, time and edited mark.
import { api } from "./api.js";
import { clock, el, link, safeUrl } from "./dom.js";
import { attempt } from "./notices.js";
import { isGroup, store } from "./store.js";
import { richText, startPayload } from "./telegram_text.js";

/** The node of one message. */
export function bubble(chat, message, bot) {
  const mine = message.from !== "bot";
  const box = el("div", { class: "bubble" },
    mine && isGroup(chat) ? el("b", { class: "sender" }, senderName(message)) : null,
    message.reply_to ? quote(chat, message) : null,
    message.photo?.url ? el("img", { class: "photo", src: safeUrl(message.photo.url, location.href), alt: "" }) : null,
    message.document ? documentChip(message.document) : null,
    el("div", { class: "bubble-text", dir: "auto" },
      richText(message.text || "", message.entities, clicks(chat, bot)), meta(message, mine)));
  return el("article", {
    class: `message ${mine ? "mine" : "theirs"}`, "data-message": message.message_id, "data-from": message.from,
    "aria-label": mine ? "Customer" : bot.first_name,
  }, el("div", { class: "bubble-column" }, box, keyboard(chat, message, bot)));
}

function meta(message, mine) {
  return el("span", { class: "meta" },
    message.edit_date ? el("span", { class: "edited" }, "edited ") : null,
    el("time", {}, clock(message.date)),
    mine ? el("span", { class: "ticks", "aria-label": "delivered" }, " ✓✓") : null);
}

function clicks(chat, bot) {
  return {
    command: (text) => attempt(() => api.send(chat.id, text)),
    open: (url) => {
      const payload = startPayload(url, bot.username);
      if (payload !== null) attempt(() => api.start(chat.id, payload));
      return payload !== null;
    },
  };
}

function senderName(message) {
  return store.state.telegram.customers.find((one) => one.id === message.sender_id)?.first_name ?? "";
}

function quote(chat, message) {
  const first = chat.messages.find((one) => one.message_id === message.reply_to);
  return el("blockquote", { class: "quoted" }, first && !first.deleted ? first.text : "deleted message");
}

function documentChip({ file_name, mime_type, size, url }) {
  const kind = (file_name || "").split(".").at(-1).slice(0, 4).toUpperCase() || "FILE";
  const inside = [
    el("span", { class: "document-icon", "aria-hidden": "true" }, kind),
    el("span", { class: "document-name" },
      el("b", {}, file_name || "file"), el("small", {}, `${bytes(size)} · ${mime_type || ""}`)),
  ];
  const href = url ? safeUrl(url, location.href) : null;
  if (href === null) return el("span", { class: "document" }, inside);
  return el("a", { class: "document", href, download: file_name || "file" }, inside);
}

function bytes(size) {
  if (!size) return "0 B";
  return size < 1024 ? `${size} B` : `${(size / 1024).toFixed(1)} KB`;
}

function keyboard(chat, message, bot) {
  const rows = message.reply_markup?.inline_keyboard || [];
  if (!rows.length) return null;
  return el("div", { class: "keyboard" }, rows.map((row) => (
    el("div", { class: "keyboard-row" }, row.map((button) => keyboardButton(chat, message, button, bot))))));
}

function keyboardButton(chat, message, button, bot) {
  if (button.url) return urlButton(chat, button, bot);
  const node = el("button", { type: "button", "data-focus": button.callback_data || button.text }, button.text);
  if (button.callback_data !== undefined) {
    node.dataset.callback = button.callback_data;
    node.addEventListener("click", () => press(node, chat, message, button));
  } else if (button.copy_text) {
    node.addEventListener("click", () => navigator.clipboard?.writeText(button.copy_text.text));
  } else {
    node.disabled = true;
    node.title = "This kind of button is not part of the demo";
  }
  return node;
}

function urlButton(chat, button, bot) {
  const node = link(button.url, button.text, el("span", { class: "url-mark", "aria-hidden": "true" }, "↗"));
  node.addEventListener("click", (event) => {
    if (clicks(chat, bot).open(button.url)) event.preventDefault();
  });
  return node;
}

async function press(node, chat, message, button) {
  node.classList.add("busy");
  await attempt(() => api.pressInline(chat.id, message.message_id, button.callback_data));
  node.classList.remove("busy");
}
