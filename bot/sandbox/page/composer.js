// The line where people type, with suggestions for "/": a combobox with the usual keys.
import { el } from "./dom.js";
import { attempt } from "./notices.js";

const TYPING_MS = 26;

/**
 * options: {name, placeholder, label, before?, suggest(text) -> [{insert, title, hint}], send(text)}.
 * Returns {node, fill, type, submit, focus, openMenu, menuOpen}.
 */
export function createComposer(options) {
  const parts = build(options);
  const self = { ...parts, options, shown: [], active: -1, last: "" };
  wire(self);
  return {
    node: self.form,
    fill: (text) => fill(self, text),
    type: (text, pause) => type(self, text, pause),
    submit: () => submit(self),
    focus: () => self.input.focus(),
    openMenu: (items) => show(self, items),
    menuOpen: () => self.shown.length > 0,
  };
}

function build({ name, placeholder, label, before }) {
  const list = el("ul", {
    class: "suggestions", id: `${name}-suggestions`, role: "listbox", "aria-label": "Commands", hidden: true,
  });
  const input = el("input", {
    id: `${name}-input`, type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    enterkeyhint: "send", placeholder, "aria-label": label, role: "combobox", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": list.id,
  });
  const button = el("button", { id: `${name}-send`, type: "submit", class: "send", "aria-label": "Send" },
    el("span", { "aria-hidden": "true" }, "➤"));
  const form = el("form", { class: "composer" }, list, before, input, button);
  return { list, input, button, form };
}

function wire(self) {
  const { form, input, options } = self;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(self);
  });
  input.addEventListener("input", () => show(self, input.value ? options.suggest(input.value) : []));
  input.addEventListener("keydown", (event) => onKey(self, event));
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) show(self, []);
  });
}

function onKey(self, event) {
  if (event.isComposing) return; // an input method (Chinese, Japanese) uses these keys itself
  const { shown, active, input } = self;
  if (!shown.length && event.key === "ArrowUp" && !input.value) fill(self, self.last);
  else if (!shown.length) return;
  else if (event.key === "ArrowDown") activate(self, (active + 1) % shown.length);
  else if (event.key === "ArrowUp") activate(self, (active + shown.length - (active < 0 ? 0 : 1)) % shown.length);
  else if (event.key === "Escape") show(self, []);
  else if (event.key === "Tab" && !event.shiftKey) pick(self, shown[Math.max(0, active)]);
  else if (event.key === "Enter" && active >= 0) pick(self, shown[active]);
  else return;
  event.preventDefault();
}

function show(self, items) {
  self.shown = items;
  self.active = -1;
  self.list.hidden = items.length === 0;
  self.input.setAttribute("aria-expanded", String(items.length > 0));
  self.input.removeAttribute("aria-activedescendant");
  self.list.replaceChildren(...items.map((item, index) => option(self, item, index)));
}

function option(self, item, index) {
  return el("li", {
    id: `${self.list.id}-${index}`, role: "option", "aria-selected": "false",
    onpointerdown: (event) => { event.preventDefault(); pick(self, item); },
  }, el("b", {}, item.title), " ", el("span", {}, item.hint));
}

function activate(self, index) {
  self.active = index;
  [...self.list.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === index)));
  const node = self.list.children[index];
  self.input.setAttribute("aria-activedescendant", node.id);
  node.scrollIntoView({ block: "nearest" });
}

function pick(self, item) {
  show(self, []);
  if (item.run) item.run();
  else fill(self, item.insert);
}

function fill(self, text) {
  self.input.value = text;
  self.input.focus();
  self.input.setSelectionRange(text.length, text.length);
}

async function type(self, text, pause) {
  show(self, []);
  self.input.value = "";
  for (const char of text) {
    self.input.value += char;
    self.input.scrollLeft = self.input.scrollWidth;
    await pause(TYPING_MS);
  }
}

async function submit(self) {
  const text = self.input.value.trim();
  if (!text) return;
  show(self, []);
  self.input.value = "";
  self.last = text;
  await attempt(() => self.options.send(text));
}
