// Building and patching the page. Strings only ever become text nodes or attributes, never HTML.
import { marked } from "./marks.js";

/** One element. Props starting with "on" are listeners; null and false props and children are left out. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProp(node, name, value);
  const given = children.flat(3).filter((child) => child !== null && child !== undefined && child !== false);
  node.append(...given.flatMap((child) => (typeof child === "string" ? marked(child) : child)));
  return node;
}

function setProp(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  else node.setAttribute(name, value === true ? "" : String(value));
}

/** The address if a click on it is harmless, else null (javascript:, data:, or no address at all). */
export function safeUrl(url, base) {
  try {
    const parsed = new URL(url, base);
    return ["http:", "https:", "mailto:", "tel:", "tg:"].includes(parsed.protocol) ? parsed.href : null;
  } catch {
    return null;
  }
}

/** A link that opens beside the page; a text if the address is not safe. */
export function link(url, ...children) {
  const href = safeUrl(url);
  if (href === null) return el("span", {}, ...children);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/**
 * Make `parent` show `items` ({key, print, render}): a node is kept while its print is the same,
 * so that scrolling, focus and half-made choices survive an update of something else.
 */
export function patchList(parent, items) {
  const old = new Map([...parent.children].map((node) => [node.dataset.key, node]));
  let previous = null;
  for (const item of items) {
    const node = keepOrRender(old.get(item.key), item);
    old.delete(item.key);
    const place = previous ? previous.nextSibling : parent.firstChild;
    if (place !== node) parent.insertBefore(node, place);
    previous = node;
  }
  for (const node of old.values()) node.remove();
}

function keepOrRender(node, item) {
  if (node && node.print === item.print) return node;
  const fresh = item.render();
  fresh.dataset.key = item.key;
  fresh.print = item.print;
  if (node) replaceKeepingFocus(node, fresh);
  return fresh;
}

function replaceKeepingFocus(node, fresh) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  fresh.classList.add("changed");
  node.replaceWith(fresh);
  if (!focused) return;
  const same = focused.dataset.focus && [...fresh.querySelectorAll("[data-focus]")]
    .find((candidate) => candidate.dataset.focus === focused.dataset.focus);
  fresh.tabIndex = -1;
  (same || fresh).focus({ preventScroll: true });
}

/** A scrolling list of messages; new ones are read out by the announcer, not by the list itself. */
export const scroller = (name, id, label) => el("div", {
  class: name, id, role: "log", "aria-live": "off", tabindex: "0", "aria-label": label,
});

/** Keep a scrolling list at its end, unless the reader has scrolled up. Returns {patch, toEnd}. */
export function stickToEnd(list) {
  let atEnd = true;
  const toEnd = () => { list.scrollTop = list.scrollHeight; };
  list.addEventListener("scroll", () => {
    atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 60;
  });
  new ResizeObserver(() => atEnd && toEnd()).observe(list);
  const patch = (items, force) => {
    const stay = atEnd || force;
    patchList(list, items);
    if (stay) toEnd();
  };
  return { patch, toEnd };
}

const AVATAR_COLOURS = 7;

/** A coloured circle with initials; the colour belongs to the id. */
export function avatar(id, name) {
  const sum = [...String(id)].reduce((total, char) => total + char.codePointAt(0), 0);
  const initials = [...String(name).trim()].slice(0, 1).join("").toUpperCase() || "?";
  return el("span", { class: `avatar avatar-${sum % AVATAR_COLOURS}`, "aria-hidden": "true" }, initials);
}

/** Hours and minutes of a unix time, in the reader's zone. */
export function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** A day as people say it. */
export function dayName(seconds) {
  const day = new Date(seconds * 1000);
  if (day.toDateString() === new Date().toDateString()) return "Today";
  return day.toLocaleDateString([], { day: "numeric", month: "long" });
}
