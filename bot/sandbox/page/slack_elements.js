// Interactive elements in messages and modals. https://docs.slack.dev/reference/block-kit/block-elements
import { el, safeUrl } from "./dom.js";
import { ask } from "./notices.js";
import { plain, textObject } from "./slack_mrkdwn.js";
import { store } from "./store.js";

/** The node of an element that acts at once; `act` gets {action_id, block_id, value}. */
export function actionElement(element, block, act) {
  const make = ACTIONS[element.type];
  if (!make) return el("span", { class: "unknown" }, `(${element.type})`);
  return make(element, (value) => act({ action_id: element.action_id, block_id: block.block_id, value }));
}

const ACTIONS = {
  button,
  image: (element) => el("img", {
    src: safeUrl(element.image_url), alt: element.alt_text || "", class: "block-thumb", loading: "lazy",
  }),
  static_select: (element, act) => actionSelect(element, act, plain(element.placeholder) || "Choose…"),
  overflow: (element, act) => actionSelect(element, act, "⋯"),
  users_select: (element, act) => ACTIONS.static_select({ ...element, options: userOptions() }, act),
};

function button(element, act) {
  const props = {
    class: `block-button ${element.style || ""}`, "data-action-id": element.action_id, "data-focus": element.action_id,
    "aria-label": element.accessibility_label, title: element.accessibility_label,
  };
  const href = element.url ? safeUrl(element.url) : null;
  if (href) {
    const open = { href, target: "_blank", rel: "noopener noreferrer", onclick: () => act(element.value) };
    return el("a", { ...props, ...open }, textObject(element.text));
  }
  const node = el("button", { ...props, type: "button" }, textObject(element.text));
  node.addEventListener("click", () => busyWhile(node, async () => {
    if (await confirmed(element.confirm)) await act(element.value);
  }));
  return node;
}

async function busyWhile(node, work) {
  if (node.getAttribute("aria-busy")) return; // a second click while the first is on its way
  node.setAttribute("aria-busy", "true");
  await work();
  node.removeAttribute("aria-busy");
}

async function confirmed(question) {
  if (!question) return true;
    const answer = await ask({
    title: plain(question.title) || "Are you sure?", text: plain(question.text),
    yes: plain(question.confirm) || "Yes", no: plain(question.deny) || "Cancel", danger: question.style === "danger",
  });
  return answer !== null;
}

function actionSelect(element, act, placeholder) {
  const overflow = element.type === "overflow";
  const node = el("select", {
    class: overflow ? "block-overflow" : "block-select", "aria-label": overflow ? "More actions" : placeholder,
    "data-action-id": element.action_id, "data-focus": element.action_id,
  }, el("option", { value: "" }, placeholder), optionNodes(element));
  select(node, element.initial_option ? [element.initial_option.value] : [""]);
  node.addEventListener("change", async () => {
    if (node.value && await confirmed(element.confirm)) await act(node.value);
    if (overflow) node.value = "";
  });
  return node;
}

/** Option nodes of an element with options or option_groups. */
export function optionNodes({ options, option_groups }) {
  const one = (option) => el("option", { value: option.value }, plain(option.text));
  if (!option_groups) return (options || []).map(one);
  return option_groups.map((group) => (
    el("optgroup", { label: plain(group.label) }, group.options.map(one))));
}

/** Choose values in a select node. */
export function select(node, values) {
  for (const option of node.options) option.selected = values.includes(option.value);
}

/** The staff as options. */
export function userOptions() {
  return store.state.slack.users.map((user) => (
    { value: user.id, text: { text: user.real_name || user.name } }));
}
