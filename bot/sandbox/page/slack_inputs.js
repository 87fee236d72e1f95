// Input blocks of modals, and reading them back. https://docs.slack.dev/reference/block-kit/blocks/input-block
import { el } from "./dom.js";
import { optionNodes, select, userOptions } from "./slack_elements.js";
import { plain, textObject } from "./slack_mrkdwn.js";

/** One labelled input with its hint and, in place, what is wrong with it. */
export function inputBlock(block, error) {
  const element = block.element;
  const id = `input-${block.block_id}-${element.action_id}`;
  const make = INPUTS[element.type] || INPUTS.plain_text_input;
  const group = ["radio_buttons", "checkboxes"].includes(element.type);
  const control = make(element, id);
  control.dataset.input = element.type;
  control.dataset.actionId = element.action_id || "";
  control.setAttribute("aria-describedby", `${id}-error ${id}-hint`);
  if (error) control.setAttribute("aria-invalid", "true");
  const label = [textObject(block.label), block.optional ? el("span", { class: "optional" }, " (optional)") : null];
  return el(group ? "fieldset" : "div", { class: `block-input ${error ? "wrong" : ""}` },
    group ? el("legend", {}, label) : el("label", { for: id }, label),
    control,
    el("p", { class: "input-error", id: `${id}-error`, role: "alert" }, error || ""),
    el("p", { class: "input-hint", id: `${id}-hint` }, textObject(block.hint)));
}

const INPUTS = {
  plain_text_input: (element, id) => (element.multiline
    ? withValue(el("textarea", { ...textProps(element, id), rows: "3" }), element.initial_value)
    : withValue(el("input", { ...textProps(element, id), type: "text" }), element.initial_value)),
  number_input: (element, id) => {
    const props = { ...textProps(element, id), type: "text", inputmode: "decimal" };
    return withValue(el("input", props), element.initial_value);
  },
  datepicker: (element, id) => withValue(el("input", { id, type: "date" }), element.initial_date),
  static_select: (element, id) => choice(element, id, element.initial_option?.value),
  users_select: (element, id) => choice({ ...element, options: userOptions() }, id, element.initial_user),
  radio_buttons: (element, id) => boxes(element, id, "radio", [element.initial_option?.value]),
  checkboxes: (element, id) => boxes(element, id, "checkbox", (element.initial_options || []).map((one) => one.value)),
};

function textProps(element, id) {
  return {
    id, autocomplete: "off", placeholder: element.placeholder ? plain(element.placeholder) : null,
    maxlength: element.max_length, autofocus: element.focus_on_load,
  };
}

function withValue(node, value) {
  if (value !== undefined && value !== null) node.value = value;
  return node;
}

function choice(element, id, chosen) {
  const placeholder = plain(element.placeholder) || "Choose…";
  const node = el("select", { id, class: "block-select" },
    el("option", { value: "" }, placeholder), optionNodes(element));
  select(node, [chosen ?? ""]);
  return node;
}

function boxes(element, id, type, chosen) {
  return el("div", { id, class: "boxes" }, element.options.map((option) => {
    const box = el("input", { type, name: id, value: option.value });
    box.checked = chosen.includes(option.value);
    return el("label", { class: "box" }, box, el("span", {}, textObject(option.text),
      option.description ? el("small", {}, textObject(option.description)) : null));
  }));
}

/** {block_id: {action_id: value}} of all inputs; nothing chosen is null, checkboxes are a list. */
export function readValues(root) {
  const values = {};
  for (const control of root.querySelectorAll("[data-input]")) {
    const block = control.closest("[data-block-id]")?.dataset.blockId || "";
    values[block] = { ...values[block], [control.dataset.actionId]: readOne(control) };
  }
  return values;
}

function readOne(control) {
  const checked = [...control.querySelectorAll("input:checked")].map((box) => box.value);
  if (control.dataset.input === "checkboxes") return checked;
  if (control.dataset.input === "radio_buttons") return checked[0] ?? null;
  if (control.value !== "") return control.value;
  // A text that was emptied is an answer; a list where nothing is chosen is none.
  return control.matches("select, [type=date]") ? null : "";
}

/** Put values back after the view was drawn anew. */
export function writeValues(root, values) {
  for (const control of root.querySelectorAll("[data-input]")) {
    const value = values[control.closest("[data-block-id]")?.dataset.blockId || ""]?.[control.dataset.actionId];
    if (value === undefined || value === null) continue;
    const inputs = control.querySelectorAll("input");
    if (inputs.length) inputs.forEach((box) => { box.checked = [value].flat().includes(box.value); });
    else control.value = value;
  }
}
