// What the sandbox says (`state`) and what the reader looks at (`view`), with one way to be told of changes.
import { api } from "./api.js";

export const store = {
  state: null,
  view: { pane: "telegram", chat: null, user: null, channel: null },
  listeners: new Set(),

  /** Call `listener` after every change. Returns the way to stop. */
  subscribe(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  },

  changed() {
    for (const listener of [...this.listeners]) listener();
  },

  look(patch) {
    Object.assign(this.view, patch);
    this.changed();
  },

  take(state) {
    this.state = state;
    chooseDefaults(this.view, state);
    this.changed();
  },

  /** Resolves with the first true value of `test(state)`; rejects after `timeout` ms or on abort. */
  until(test, { timeout, signal }) {
    return new Promise((resolve, reject) => {
      const finish = (settle, value) => {
        stop();
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        settle(value);
      };
      const aborted = () => finish(reject, signal.reason);
      const look = () => {
        const found = test(this.state);
        if (found) finish(resolve, found);
      };
      const stop = this.subscribe(look);
      const timer = setTimeout(() => finish(reject, new Error("no reaction")), timeout);
      signal.addEventListener("abort", aborted);
      look();
    });
  },
};

/** Every Telegram chat, people first. */
export const chats = (state) => [...state.telegram.customers, ...(state.telegram.groups || [])];

export const currentChat = () => chats(store.state).find((chat) => chat.id === store.view.chat);

export const isGroup = (chat) => chat.title !== undefined && chat.first_name === undefined;

export const chatName = (chat) => (isGroup(chat) ? chat.title : chat.first_name);

export const currentChannel = () =>
  store.state.slack.channels.find((channel) => channel.id === store.view.channel);

function chooseDefaults(view, state) {
  const { users, channels } = state.slack;
  if (!chats(state).some((chat) => chat.id === view.chat)) view.chat = chats(state)[0]?.id ?? null;
  if (!users.some((user) => user.id === view.user)) view.user = users[0]?.id ?? null;
  const known = view.channel === "home" || channels.some((channel) => channel.id === view.channel);
  if (!known) view.channel = (channels.find((c) => c.name === "stock-alerts") || channels[0])?.id ?? null;
}

let fetching = false;
let again = false;

/** Fetch the state; calls during a fetch are folded into one more. */
export async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    do {
      again = false;
      store.take(await api.state());
    } while (again);
  } finally {
    fetching = false;
  }
}
