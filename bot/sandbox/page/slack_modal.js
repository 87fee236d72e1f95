// Modals: a dialog over the Slack side only; the customer's phone beside it stays in reach.
import { api } from "./api.js";
import { el } from "./dom.js";
import { attempt } from "./notices.js";
import { blockNodes } from "./slack_blocks.js";
import { readValues, writeValues } from "./slack_inputs.js";
import { plain } from "./slack_mrkdwn.js";
import { pressed } from "./slack_press.js";
import { store } from "./store.js";

/** Keeps the dialog in `pane` equal to the top view of the chosen staff member. */
export function createModals(pane, body) {
  const self = { pane, body, dialog: null, print: "", values: {}, opener: null };
  return { draw: () => draw(self) };
}

function draw(self) {
  const modal = (store.state.slack.modals || []).filter((one) => one.user === store.view.user).at(-1);
  const print = modal ? JSON.stringify(modal) : "";
  if (print === self.print) return;
  const sameView = self.dialog?.dataset.viewId === modal?.view_id;
  if (self.dialog) remember(self);
  else self.opener = document.activeElement;
  self.print = print;
  self.dialog?.remove();
  self.dialog = modal ? open(self, modal, sameView) : null;
  self.body.inert = Boolean(modal);
  if (!modal) leave(self);
}

function remember(self) {
  self.values = readValues(self.dialog);
}

function leave(self) {
  self.values = {};
  if (self.opener?.isConnected) self.opener.focus();
  self.opener = null;
}

function open(self, modal, sameView) {
  const { view } = modal;
  const dialog = el("dialog", {
    class: "modal", "data-view-id": modal.view_id, "aria-label": plain(view.title), "aria-modal": "true",
  }, modalForm(self, modal));
  self.pane.append(dialog);
  dialog.show();
  if (sameView) writeValues(dialog, self.values);
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") attempt(() => api.close(modal.user, modal.view_id));
  });
  const first = dialog.querySelector("[aria-invalid] input, [aria-invalid]")
    || dialog.querySelector(".modal-body :is(input, select, textarea, button)") || dialog.querySelector("button");
  first.focus();
  return dialog;
}

function modalForm(self, modal) {
  const { view } = modal;
  const close = () => attempt(() => api.close(modal.user, modal.view_id));
  const act = (action) => pressed({ user: modal.user, view_id: modal.view_id, ...action });
  const form = el("form", { novalidate: true },
    el("header", { class: "modal-head" }, el("h3", {}, plain(view.title)),
      el("button", { type: "button", class: "modal-x", "aria-label": "Close", onclick: close }, "✕")),
    el("div", { class: "modal-body" },
      modal.errors?.[""] ? el("p", { class: "input-error", role: "alert" }, modal.errors[""]) : null,
      blockNodes(view.blocks, act, modal.errors || {})),
    el("footer", { class: "modal-foot" },
      el("button", { type: "button", class: "block-button modal-close", onclick: close }, plain(view.close) || "Close"),
      view.submit ? el("button", { class: "block-button primary modal-submit" }, plain(view.submit)) : null));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, modal);
  });
  return form;
}

async function send(form, modal) {
  const button = form.querySelector(".modal-submit");
  if (!button || button.disabled) return;
  button.disabled = true;
  await attempt(() => api.submit(modal.user, modal.view_id, readValues(form)));
  button.disabled = false;
}
