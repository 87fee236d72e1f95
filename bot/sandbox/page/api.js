// The sandbox's control API: what the page can see and do.

async function call(path, options) {
  const response = await fetch(`/sandbox/${path}`, options);
  if (!response.ok) throw new Error(`That did not work: ${await reason(response)}`);
  return response.json();
}

async function reason(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).error;
  } catch {
    return text.slice(0, 200) || response.statusText;
  }
}

const get = (path) => call(path, {});
const post = (path, body) => call(path, {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const api = {
  state: () => get("state"),
  tour: () => get("tour"),
  beginTour: () => post("tour/begin", {}),
  addCustomer: (first_name, language_code) => post("telegram/customers", { first_name, language_code }),
  send: (chat, text) => post(`telegram/${chat}/send`, { text }),
  start: (chat, payload) => post(`telegram/${chat}/start`, { payload }),
  pressInline: (chat, message_id, data) => post(`telegram/${chat}/press`, { message_id, data }),
  block: (chat, blocked) => post(`telegram/${chat}/block`, { blocked }),
  command: (user, channel, command, text) => post("slack/command", { user, channel, command, text }),
  say: (user, channel, text) => post("slack/say", { user, channel, text }),
  openHome: (user) => post("slack/open_home", { user }),
  press: (body) => post("slack/press", body),
  submit: (user, view_id, values) => post("slack/submit", { user, view_id, values }),
  close: (user, view_id) => post("slack/close", { user, view_id }),
};
