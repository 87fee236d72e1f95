// Signs such as 🔔 where no font of the machine has them: drawn by style.css instead of empty boxes.
import { el } from "./dom.js";

const SIGN = /([\p{Extended_Pictographic}]\uFE0F?)/u;
const TEXT_ONLY = /^[©®™‼⁉↔-↪✓✔✕✖➤▶◐☰]/u; // ordinary fonts have these
const SHAPES = {
  "🟡": "yellow", "🟠": "orange", "🔴": "red", "🟢": "green", "🔵": "blue", "⚪": "grey", "⚫": "grey",
  "✅": "check", "👍": "check", "❌": "cross", "⛔": "cross", "⚠": "warning", "🚨": "warning", "🔔": "bell",
};

let found;

/** Whether the browser draws signs: one in colour differs from the box of a sign that nobody has. */
function hasFont() {
  found ??= drawn("🔔") !== drawn("\u{10FFFD}");
  return found;
}

function drawn(sign) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 24, height: 24 });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.font = "18px sans-serif";
  pen.textBaseline = "top";
  pen.fillText(sign, 1, 1);
  return pen.getImageData(0, 0, 24, 24).data.join();
}

/** The text as it is; where signs cannot be drawn, pieces of text with marks between them. */
export function marked(text) {
  if (!SIGN.test(text) || hasFont()) return text;
  return text.split(SIGN).filter(Boolean).map((piece) => (
    SIGN.test(piece) && !TEXT_ONLY.test(piece) ? mark(piece) : piece));
}

// The sign itself stays in the text, for whoever copies or reads it aloud.
const mark = (sign) => el("span", {
  class: `mark mark-${SHAPES[sign.replace("\uFE0F", "")] || "plain"}`,
}, el("span", { class: "mark-sign" }, document.createTextNode(sign)));
