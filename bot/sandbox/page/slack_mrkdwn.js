// Slack's mrkdwn as DOM nodes. https://docs.slack.dev/messaging/formatting-message-text
import { el, link, safeUrl } from "./dom.js";
import { store } from "./store.js";

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", warning: "⚠️", rotating_light: "🚨", bell: "🔔", no_bell: "🔕",
  red_circle: "🔴", large_red_circle: "🔴", large_yellow_circle: "🟡", large_orange_circle: "🟠", large_green_circle: "🟢",
  large_blue_circle: "🔵", white_circle: "⚪", black_circle: "⚫", package: "📦", truck: "🚚", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", eyes: "👀", tada: "🎉", wave: "👋", mag: "🔍", memo: "📝", pencil: "📝", bar_chart: "📊",
  chart_with_downwards_trend: "📉", chart_with_upwards_trend: "📈", information_source: "ℹ️", question: "❓", bulb: "💡",
  lock: "🔒", no_entry: "⛔", arrow_up: "⬆️", arrow_down: "⬇️", arrow_right: "➡️", arrows_counterclockwise: "🔄",
  leftwards_arrow_with_hook: "↩️", point_right: "👉", clipboard: "📋", calendar: "📅", clock3: "🕒", alarm_clock: "⏰",
  shopping_trolley: "🛒", shopping_cart: "🛒", busts_in_silhouette: "👥", bust_in_silhouette: "👤", thumbsup: "👍", "+1": "👍",
  gear: "⚙️", link: "🔗", moneybag: "💰", label: "🏷️", inbox_tray: "📥", outbox_tray: "📤", zap: "⚡", sparkles: "✨",
};

const PAIRS = { "*": "strong", _: "em", "~": "s" };

// A mark counts only at the edge of a word, so that codes such as MUG_BLUE_L stay whole (as in Slack).
const TOKEN = new RegExp([
  "(?<angle><[^<>\\n]+>)",
  "(?<code>`[^`\\n]+`)",
  ":(?<emoji>[a-z0-9_+-]+):",
  "(?<![\\p{L}\\p{N}])(?<mark>[*_~])(?=\\S)(?<inner>(?:(?!\\k<mark>)[^\\n])+?)(?<=\\S)\\k<mark>(?![\\p{L}\\p{N}])",
].join("|"), "gu");

/** Slack escapes three characters and no others. */
export const unescape = (text) =>
  text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** What a person types is no markup: Slack's own client escapes it before it is kept. */
export const escape = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Nodes for a mrkdwn text. */
export function mrkdwn(text) {
  return String(text ?? "").split("```").flatMap((part, index) => (
    index % 2 ? [el("pre", {}, unescape(part.replace(/^\n|\n$/g, "")))] : lines(part)));
}

/** Nodes for a text object {type, text}, or a plain string. */
export function textObject(object) {
  if (!object) return [];
  if (typeof object === "string") return mrkdwn(object);
  return object.type === "mrkdwn" ? mrkdwn(object.text) : plain(object);
}

/** The words of a plain_text object; its emoji codes become emoji unless it says no. */
export function plain(object) {
  const text = String(object?.text ?? "");
  if (object?.emoji === false) return unescape(text);
  return unescape(text.replace(/:([a-z0-9_+-]+):/g, (all, name) => EMOJI[name] || all));
}

function lines(text) {
  const nodes = [];
  let quote = [];
  const rows = text.split("\n");
  const flush = () => {
    if (quote.length) nodes.push(el("blockquote", {}, inline(quote.join("\n"))));
    quote = [];
  };
  rows.forEach((row, index) => {
    const quoted = row.match(/^(?:&gt;|>)\s?(.*)$/);
    if (quoted) {
      quote.push(quoted[1]);
      return;
    }
    flush();
    nodes.push(...inline(row));
    if (index < rows.length - 1) nodes.push("\n");
  });
  flush();
  return nodes;
}

function inline(text) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(TOKEN)) {
    if (match.index > at) nodes.push(unescape(text.slice(at, match.index)));
    nodes.push(token(match));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(unescape(text.slice(at)));
  return nodes;
}

function token({ 0: whole, groups: { angle, code, emoji, mark, inner } }) {
  if (angle) return reference(angle.slice(1, -1));
  if (code) return el("code", {}, unescape(code.slice(1, -1)));
  if (emoji) return EMOJI[emoji] || whole;
  return el(PAIRS[mark], {}, inline(inner));
}

function reference(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : unescape(body.slice(bar + 1));
  if (target.startsWith("@")) return el("span", { class: "mention" }, `@${label || userName(target.slice(1))}`);
  if (target.startsWith("#")) return el("span", { class: "mention" }, `#${label || channelName(target.slice(1))}`);
  if (target.startsWith("!date^")) return el("time", {}, dateText(target, label));
  if (target.startsWith("!")) return el("span", { class: "mention loud" }, label || `@${target.slice(1)}`);
  if (safeUrl(unescape(target)) === null) return `<${unescape(body)}>`;
  return link(unescape(target), label || unescape(target).replace(/^mailto:/, ""));
}

/** The name that Slack shows for a user id. */
export function userName(id) {
  if (id === "USLACKBOT") return "Slackbot";
  const { users, bot } = store.state.slack;
  const user = [...users, bot].find((one) => one?.id === id);
  return user ? user.real_name || user.name : id;
}

function channelName(id) {
  return store.state?.slack.channels.find((one) => one.id === id)?.name || id;
}

function dateText(target, fallback) {
  const [, seconds, format] = target.split("^");
  const when = new Date(Number(seconds) * 1000);
  if (!format || Number.isNaN(when.getTime())) return fallback;
  const day = when.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
  const time = when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return format.replace(/\{date[a-z_]*\}/g, day).replace(/\{time[a-z_]*\}/g, time);
}
