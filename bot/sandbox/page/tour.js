// The guided tour: does the main job as two people would, and waits for what really happens.
import { api } from "./api.js";
import { el } from "./dom.js";
import { store } from "./store.js";
import { loadPlan, plan } from "./tour_plan.js";
import { STEPS, marks } from "./tour_steps.js";

const LOOK_MS = 1400;
const READ_MS = 3400;
const LAST_WORD = "That is the main job. Now it is yours: type in either window, or add a customer.";
const AFRESH = "Go on by hand, or press “Show me” once more.";

// ?pace=0 makes the tour as fast as the bot, for tests; ?pace=2 twice as slow, for a talk.
// ?patience=300 is how many ms the tour waits for a reaction before it explains.
const asked = new URLSearchParams(location.search);
const pace = Number(asked.get("pace") ?? 1);
const patience = Number(asked.get("patience") ?? 10_000);

const part = (id) => document.getElementById(id);

/** `composers` = {telegram, slack}. Returns {start, stop, draw}; call draw after each redraw. */
export function createTour(composers) {
  const tour = { composers, abort: null, before: null, spot: "" };
  tour.say = (side, text) => typeAndSend(tour, side, text);
  tour.begin = () => api.start(plan.customer_id, "");
  tour.press = (message, button) => pressButton(tour, message, button);
  return { start: () => start(tour), stop: () => stop(tour), draw: () => spotlight(tour, tour.spot) };
}

function stop(tour) {
  tour.abort?.abort(new DOMException("stopped", "AbortError"));
  tour.abort = null;
  part("tour").hidden = true;
  part("tour-start").disabled = false;
  spotlight(tour, "");
}

async function start(tour) {
  stop(tour);
  tour.abort = new AbortController();
  const { signal } = tour.abort;
  caption(0, "", "acting"); // what the last tour ended with is no longer true
  part("tour").hidden = false;
  part("tour-start").disabled = true;
  try {
    await prepare();
    if (await walk(tour, signal)) caption(STEPS.length, LAST_WORD, "done");
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (signal.aborted) return;
  part("tour-start").disabled = false;
  spotlight(tour, "");
}

async function prepare() {
  await loadPlan();
  const { telegram, slack } = store.state;
  plan.customer_id ??= telegram.customers[0]?.id;
  plan.staff ??= slack.users[0]?.id;
  plan.channel ??= (slack.channels.find((one) => one.name === "stock-alerts") || slack.channels[0])?.id;
  store.look({ chat: plan.customer_id, user: plan.staff, channel: plan.channel });
  await clearTheWay();
}

/** From any state: nothing may stand before the windows, and the shop is where the tour begins. */
async function clearTheWay() {
  const { telegram, slack } = store.state;
  const modals = slack.modals.filter((one) => one.user === plan.staff);
  for (const one of modals) await api.close(plan.staff, one.id);
  if (telegram.customers.find((one) => one.id === plan.customer_id)?.blocked) {
    await api.block(plan.customer_id, false);
  }
  await api.beginTour();
}

/** True if every step got its reaction; false if one did not, which is then explained. */
async function walk(tour, signal) {
  let found = null;
  for (const [index, step] of STEPS.entries()) {
    if (step.needed && !step.needed(store.state)) continue;
    try {
      found = await take(tour, step, index, found);
    } catch (error) {
      if (signal.aborted) throw error;
      caption(index, `${step.why} ${AFRESH}`, "failed");
      return false;
    }
    spotlight(tour, found.ts ? `[data-ts="${found.ts}"]` : `[data-message="${found.message_id}"]`);
    caption(index, `${step.caption()} ${step.done}`, "seen");
    await pause(tour, READ_MS);
  }
  return true;
}

async function take(tour, step, index, found) {
  const { signal } = tour.abort;
  if (!step.sinceLast) tour.before = marks(store.state);
  spotlight(tour, "");
  store.look({ pane: step.pane });
  caption(index, step.caption(), "acting");
  await pause(tour, LOOK_MS);
  await step.act?.(tour, found);
  return store.until((state) => step.seen(state, tour.before, found), { timeout: patience, signal });
}

function caption(index, text, state) {
  const finished = state === "done" || state === "failed";
  part("tour").dataset.state = state;
  part("tour-caption").textContent = text;
  part("tour-stop").textContent = finished ? "Close" : "Stop";
  part("tour-dots").replaceChildren(...STEPS.map((_, at) => (
    el("li", { "data-done": at < index || (at === index && state === "seen"), "data-now": at === index }))));
}

function spotlight(tour, selector) {
  tour.spot = selector;
  for (const node of document.querySelectorAll(".tour-target")) node.classList.remove("tour-target");
  if (selector) document.querySelector(selector)?.classList.add("tour-target");
}

async function typeAndSend(tour, side, text) {
  spotlight(tour, `#${side} .composer`);
  await tour.composers[side].type(text, (ms) => pause(tour, ms));
  await pause(tour, LOOK_MS / 2);
  await tour.composers[side].submit();
  spotlight(tour, "");
}

async function pressButton(tour, message, button) {
  const place = `[data-ts="${message.ts}"] [data-action-id="${CSS.escape(button.action_id)}"]`;
  spotlight(tour, place);
  document.querySelector(place).scrollIntoView({ block: "nearest" });
  await pause(tour, LOOK_MS);
  document.querySelector(place).click();
  spotlight(tour, "");
}

function pause(tour, ms) {
  const { signal } = tour.abort ?? { signal: AbortSignal.abort() };
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const left = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", left);
      resolve();
    }, ms * pace);
    signal.addEventListener("abort", left, { once: true });
  });
}
