// Puts the page together: two chats, the tabs of a phone, the theme, the tour.
import { follow } from "./live.js";
import { mountSlack } from "./slack.js";
import { store } from "./store.js";
import { mountTelegram } from "./telegram.js";
import { createTour } from "./tour.js";
import { loadPlan } from "./tour_plan.js";
import { paneUnread, track } from "./unread.js";

const part = (id) => document.getElementById(id);

function start() {
  const telegram = mountTelegram(part("telegram"));
  const slack = mountSlack(part("slack"));
  const tour = createTour({ telegram: telegram.composer, slack: slack.composer });
  wireTabs();
  part("theme-toggle").addEventListener("click", switchTheme);
  part("tour-start").addEventListener("click", () => tour.start());
  part("tour-stop").addEventListener("click", () => tour.stop());
  const draw = () => {
    if (!store.state) return;
    track();
    drawTabs();
    telegram.draw();
    slack.draw();
    tour.draw();
  };
  store.subscribe(draw);
  matchMedia("(max-width: 860px)").addEventListener("change", draw);
  loadPlan().then(() => follow((event) => telegram.toast(event)));
}

function wireTabs() {
  const tabs = [part("tab-telegram"), part("tab-slack")];
  for (const tab of tabs) {
    tab.addEventListener("click", () => store.look({ pane: tab.dataset.pane }));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = tabs.find((one) => one !== tab);
      other.focus();
      other.click();
    });
  }
}

function drawTabs() {
  document.body.dataset.pane = store.view.pane;
  for (const tab of [part("tab-telegram"), part("tab-slack")]) {
    const here = tab.dataset.pane === store.view.pane;
    tab.setAttribute("aria-selected", String(here));
    tab.tabIndex = here ? 0 : -1;
    tab.querySelector(".tab-dot").hidden = here || !paneUnread(tab.dataset.pane);
  }
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("stockbell-theme", root.dataset.theme);
  } catch {
    // Storage may be forbidden; the choice then lasts until the page is left.
  }
}

start();
