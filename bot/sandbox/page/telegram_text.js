// Telegram's text with entities, as DOM nodes. https://core.telegram.org/bots/api#messageentity
import { el, link } from "./dom.js";

const TAGS = {
  bold: "strong", italic: "em", underline: "u", strikethrough: "s", code: "code", pre: "pre",
  blockquote: "blockquote", expandable_blockquote: "blockquote",
};

/**
 * Nodes for `text`. Offsets of entities count UTF-16 units, as JavaScript's strings do.
 * `on` = {command(text), open(url) -> bool} takes what is clicked; open says whether it took the link.
 */
export function richText(text, entities, on) {
  const sorted = [...(entities || [])].sort((a, b) => a.offset - b.offset || b.length - a.length);
  return build(text, 0, text.length, sorted, on);
}

function build(text, from, to, entities, on) {
  const nodes = [];
  let at = from;
  for (let index = 0; index < entities.length;) {
    const entity = entities[index];
    const end = Math.min(entity.offset + entity.length, to);
    let next = index + 1;
    while (next < entities.length && entities[next].offset < end) next += 1;
    if (entity.offset > at) nodes.push(text.slice(at, entity.offset));
    const inside = build(text, entity.offset, end, entities.slice(index + 1, next), on);
    nodes.push(wrap(entity, inside, text.slice(entity.offset, end), on));
    at = end;
    index = next;
  }
  if (at < to) nodes.push(text.slice(at, to));
  return nodes;
}

function wrap(entity, inside, raw, on) {
  if (TAGS[entity.type]) return el(TAGS[entity.type], {}, inside);
  if (entity.type === "text_link") return chatLink(entity.url, inside, on);
  if (entity.type === "url") return chatLink(/^[a-z]+:/i.test(raw) ? raw : `https://${raw}`, inside, on);
  if (entity.type === "email") return link(`mailto:${raw}`, inside);
  if (entity.type === "bot_command") {
    return el("button", { type: "button", class: "text-button", onclick: () => on.command(raw) }, inside);
  }
  if (entity.type === "spoiler") return spoiler(inside);
  if (["mention", "hashtag", "cashtag", "text_mention"].includes(entity.type)) {
    return el("span", { class: "mention" }, inside);
  }
  return el("span", {}, inside);
}

function chatLink(url, inside, on) {
  const node = link(url, inside);
  node.addEventListener("click", (event) => {
    if (on.open(url)) event.preventDefault();
  });
  return node;
}

function spoiler(inside) {
  const node = el("button", { type: "button", class: "spoiler", "aria-label": "Hidden text: press to show" }, inside);
  node.addEventListener("click", () => {
    node.classList.add("open");
    node.removeAttribute("aria-label");
  });
  return node;
}

/** The payload of a deep link to this bot (https://core.telegram.org/bots/features#deep-linking), or null. */
export function startPayload(url, username) {
  try {
    const parsed = new URL(url);
    const ours = parsed.host === "t.me" && parsed.pathname.slice(1).toLowerCase() === String(username).toLowerCase();
    return ours && parsed.searchParams.has("start") ? parsed.searchParams.get("start") : null;
  } catch {
    return null;
  }
}
