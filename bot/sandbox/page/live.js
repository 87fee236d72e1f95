// The event stream: follows changes, and says so while the demo cannot be reached.
import { refresh } from "./store.js";

const RETRY_MS = 1000;

/** Connect for ever; `onToast` gets what the bot answers to a pressed inline button. */
export function follow(onToast) {
  const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/sandbox/events`);
  socket.addEventListener("open", () => update());
  socket.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    if (event.type === "changed") update();
    if (event.type === "toast") onToast(event);
  });
  socket.addEventListener("close", () => {
    show("lost", "Not connected. Is the demo still running? Trying again…");
    setTimeout(() => follow(onToast), RETRY_MS);
  });
}

async function update() {
  try {
    await refresh();
    show("live", "Live");
  } catch (error) {
    show("lost", `The demo gave no answer: ${error.message}`);
  }
}

function show(state, text) {
  const place = document.getElementById("connection");
  if (place.dataset.state === state && place.textContent === text) return;
  place.dataset.state = state;
  place.textContent = text;
}
