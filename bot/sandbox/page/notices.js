// Small things the page itself says: errors, Telegram's toasts and alerts, questions.
import { el } from "./dom.js";

const FLASH_MS = 6000;
const TOAST_MS = 3500;

/** An error line that goes away by itself. */
export function flash(text) {
  const note = el("p", { class: "flash" }, text);
  document.getElementById("flashes").append(note);
  setTimeout(() => note.remove(), FLASH_MS);
}

/** Run something asked for by a person; a failure is told, never swallowed. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    flash(error.message);
    return null;
  }
}

/** Telegram's answer to a pressed button: a toast over the chat, or an alert to be closed. */
export function telegramToast(place, text, alert) {
  if (!text) return;
  if (alert) {
    ask({ title: "Stockbell", text, yes: "OK" });
    return;
  }
  const toast = el("p", { class: "toast", role: "status" }, text);
  place.replaceChildren(toast);
  setTimeout(() => toast.remove(), TOAST_MS);
}

/** A dialog with a text or nodes; resolves with the form's data, or null if it was left. */
export function ask({ title, text, yes, no, fields = [], danger = false }) {
  const form = el("form", { method: "dialog" },
    el("h2", {}, title),
    text ? el("p", {}, text) : null,
    fields,
    el("div", { class: "dialog-buttons" },
      no ? el("button", { type: "button", class: "plain", onclick: () => dialog.close("") }, no) : null,
      el("button", { value: "yes", class: danger ? "danger" : "primary" }, yes)));
  const dialog = el("dialog", { class: "ask", "aria-label": title }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? Object.fromEntries(new FormData(form)) : null);
    });
  });
}
