// Block Kit layout as DOM nodes. https://docs.slack.dev/reference/block-kit/blocks
import { el, safeUrl } from "./dom.js";
import { actionElement } from "./slack_elements.js";
import { inputBlock } from "./slack_inputs.js";
import { mrkdwn, plain, textObject, userName } from "./slack_mrkdwn.js";

/** Nodes for blocks; `act` gets {action_id, block_id, value} of what is pressed, `errors` is {block_id: text}. */
export function blockNodes(blocks, act, errors = {}) {
  return (blocks || []).map((block) => {
    const render = BLOCKS[block.type] || unknown;
    const node = render(block, act, errors);
    if (block.block_id) node.dataset.blockId = block.block_id;
    return node;
  });
}

const BLOCKS = {
  header: (block) => el("h4", { class: "block-header" }, textObject(block.text)),
  divider: () => el("hr", { class: "block-divider" }),
  section,
  context: (block) => el("div", { class: "block-context" }, block.elements.map(contextPart)),
  actions,
  image,
  input: (block, act, errors) => inputBlock(block, errors[block.block_id]),
  table,
  data_table: table,
  rich_text: (block) => el("div", { class: "block-text" }, block.elements.flatMap(richElement)),
  markdown: (block) => el("div", { class: "block-text" }, mrkdwn(String(block.text).replaceAll("**", "*"))),
};

function actions(block, act) {
  return el("div", { class: "block-actions" }, block.elements.map((one) => actionElement(one, block, act)));
}

function section(block, act) {
  const fields = (block.fields || []).map((field) => el("div", { class: "block-field" }, textObject(field)));
  return el("div", { class: "block-section" },
    el("div", { class: "block-body" },
      block.text ? el("div", { class: "block-text" }, textObject(block.text)) : null,
      fields.length ? el("div", { class: "block-fields" }, fields) : null),
    block.accessory ? el("div", { class: "block-accessory" }, actionElement(block.accessory, block, act)) : null);
}

function contextPart(part) {
  if (part.type !== "image") return el("span", {}, textObject(part));
  return el("img", { src: safeUrl(part.image_url), alt: part.alt_text || "", class: "context-image" });
}

function image(block) {
  return el("figure", { class: "block-image" },
    block.title ? el("figcaption", {}, textObject(block.title)) : null,
    el("img", { src: safeUrl(block.image_url), alt: block.alt_text || "", loading: "lazy" }));
}

function table(block) {
  const [first, ...rest] = block.rows || [];
  const align = (index) => block.column_settings?.[index]?.align;
  const row = (cells, tag) => el("tr", {}, cells.map((cell, index) => (
    el(tag, { "data-align": align(index), scope: tag === "th" ? "col" : null }, cellContent(cell)))));
  return el("div", { class: "block-table", tabindex: "0", role: "region", "aria-label": "Table" },
    el("table", {},
      block.caption ? el("caption", {}, textObject(block.caption)) : null,
      el("thead", {}, first ? row(first, "th") : null),
      el("tbody", {}, rest.map((cells) => row(cells, "td")))));
}

function cellContent(cell) {
  if (cell.type === "rich_text") return cell.elements.flatMap(richElement);
  return String(cell.text ?? cell.value ?? "");
}

function richElement(part) {
  if (part.type === "rich_text_preformatted") return [el("pre", {}, part.elements.flatMap(richLeaf))];
  if (part.type === "rich_text_quote") return [el("blockquote", {}, part.elements.flatMap(richLeaf))];
  if (part.type === "rich_text_list") {
    const items = part.elements.map((item) => el("li", {}, item.elements.flatMap(richLeaf)));
    return [el(part.style === "ordered" ? "ol" : "ul", { class: "block-list" }, items)];
  }
  return (part.elements || []).flatMap(richLeaf);
}

function richLeaf(leaf) {
  if (leaf.type === "link") return mrkdwn(`<${leaf.url}|${leaf.text || leaf.url}>`);
  if (leaf.type === "emoji") return [plain({ text: `:${leaf.name}:` })];
  if (leaf.type === "user") return [el("span", { class: "mention" }, `@${userName(leaf.user_id)}`)];
  const tags = { bold: "strong", italic: "em", strike: "s", code: "code" };
  return [Object.keys(leaf.style || {}).reduce((inside, style) => (
    tags[style] ? el(tags[style], {}, inside) : inside), leaf.text || "")];
}

function unknown(block) {
  return el("div", { class: "unknown" }, `This demo does not draw blocks of the type “${block.type}”.`);
}
