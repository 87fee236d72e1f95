// The right side: the staff's Slack.
import { api } from "./api.js";
import { createComposer } from "./composer.js";
import { el, patchList, scroller, stickToEnd } from "./dom.js";
import { blockNodes } from "./slack_blocks.js";
import { slackMessage } from "./slack_message.js";
import { createModals } from "./slack_modal.js";
import { escape } from "./slack_mrkdwn.js";
import { pressed } from "./slack_press.js";
import { currentChannel, store } from "./store.js";
import { plan } from "./tour_plan.js";
import { unread } from "./unread.js";

const COMMANDS = [
  { insert: "/stock ", title: "/stock SKU", hint: "show a product" },
  { insert: "/stock low", title: "/stock low", hint: "what is running low" },
  { insert: "/stock undo", title: "/stock undo", hint: "take back my last change" },
  { insert: "/stock why ", title: "/stock why SKU", hint: "show the arithmetic" },
  { insert: "/stock help", title: "/stock help", hint: "everything it can do" },
];

const suggest = (text) => (text.startsWith("/")
  ? COMMANDS.filter(({ insert }) => insert !== text && insert.startsWith(text)) : []);

/** Fill the pane. Returns {draw, composer}. */
export function mountSlack(pane) {
  const composer = createComposer({
    name: "slack", placeholder: "Type / for commands", label: "Slash command to the bot",
    suggest,
    send,
  });
  const parts = {
    team: el("h2", { class: "side-title" }),
    channels: el("div", { class: "channels", role: "group", "aria-label": "Channels" }),
    title: el("h2", { class: "channel-title" }),
    staff: el("select", { id: "slack-user", "aria-label": "You are" }),
    list: scroller("posts", "slack-messages", "Channel"),
    composer,
  };
  parts.staff.addEventListener("change", () => changeUser(parts.staff.value));
  const body = el("div", { class: "slack-body" },
    el("nav", { class: "side", "aria-label": "Channels" }, parts.team, parts.channels),
    el("div", { class: "chat" },
      el("header", { class: "chat-head" }, parts.title,
        el("label", { class: "you" }, el("span", {}, "You are "), parts.staff)),
      parts.list, composer.node));
  pane.append(body);
  parts.modals = createModals(pane, body);
  parts.stick = stickToEnd(parts.list);
  return { draw: () => draw(parts), composer };
}

function draw(parts) {
  const { slack } = store.state;
  parts.team.textContent = slack.team.name;
  patchList(parts.channels, channelItems(slack));
  drawStaff(parts, slack);
  const home = store.view.channel === "home";
  parts.title.textContent = home ? "Home" : title(currentChannel());
  parts.composer.node.hidden = home;
  const place = `${store.view.channel}|${store.view.user}`;
  const switched = parts.list.dataset.place !== place;
  parts.list.dataset.place = place;
  parts.stick.patch(home ? homeItems(slack) : postItems(slack, parts.composer), switched);
  parts.modals.draw();
}

const title = (channel) => (channel?.im_with ? "Direct messages" : `# ${channel?.name ?? ""}`);

function channelItems(slack) {
  const rows = slack.channels.filter((one) => !one.im_with)
    .map((channel) => ({ id: channel.id, sign: "#", name: channel.name }));
  const direct = slack.channels.find((one) => one.im_with === store.view.user);
  const bot = slack.bot?.real_name ?? "Bot";
  if (direct) rows.push({ id: direct.id, sign: "🔔", name: `${bot} (direct)` });
  if (slack.homes?.[store.view.user]) rows.push({ id: "home", sign: "⌂", name: `${bot} (home)` });
  return rows.map(({ id, sign, name }) => {
    const here = id === store.view.channel;
    const count = unread(`s:${id}`);
    return {
      key: id,
      print: JSON.stringify([name, here, count]),
      render: () => el("button", {
        type: "button", class: "channel", "data-channel": id, "aria-pressed": String(here), "data-focus": id,
        onclick: () => store.look({ channel: id }),
      },
      el("span", { class: "channel-sign", "aria-hidden": "true" }, sign),
      el("span", { class: "channel-name" }, name),
      count ? el("span", { class: "badge" }, String(count), el("span", { class: "sr-only" }, " unread")) : null),
    };
  });
}

function drawStaff(parts, slack) {
  patchList(parts.staff, slack.users.map((user) => ({
    key: user.id,
    print: user.real_name || user.name,
    render: () => el("option", { value: user.id }, user.real_name || user.name),
  })));
  parts.staff.value = store.view.user;
}

/** Home and direct messages belong to the person: another one starts in the first channel. */
function changeUser(user) {
  const shared = currentChannel() && !currentChannel().im_with;
  store.look({ user, channel: shared ? store.view.channel : store.state.slack.channels[0].id });
}

function postItems(slack, composer) {
  const channel = currentChannel();
  if (!channel) return [];
  const mine = (slack.ephemerals || []).filter((one) => one.channel === channel.id && one.user === store.view.user);
  const all = [...channel.messages, ...mine];
  const parents = new Set(all.map((one) => one.ts));
  const isReply = (one) => one.thread_ts && one.thread_ts !== one.ts && parents.has(one.thread_ts);
  const posts = all.filter((one) => !isReply(one)).sort((a, b) => Number(a.ts) - Number(b.ts));
  if (!posts.length) return [{ key: "empty", print: plan.sold_out_sku, render: () => emptyState(channel, composer) }];
  return posts.map((post) => {
    const replies = all.filter((one) => isReply(one) && one.thread_ts === post.ts);
    return {
      key: `${post.ephemeral ? "e" : "m"}-${post.ts}`,
      print: JSON.stringify([post, replies]),
      render: () => slackMessage(post, replies),
    };
  });
}

function emptyState(channel, composer) {
  return el("div", { class: "empty" },
    el("h3", {}, title(channel)),
    el("p", {}, "Quiet so far. Low stock is reported here. You can ask and adjust:"),
    [`/stock ${plan.sold_out_sku}`, `/stock ${plan.sold_out_sku} +5 delivery`, "/stock low"].map((text) => (
      el("button", { type: "button", class: "try", onclick: () => composer.fill(text) }, text))));
}

function homeItems(slack) {
  const view = slack.homes?.[store.view.user];
  const act = (action) => pressed({ user: store.view.user, view_id: view.id, ...action });
  const render = () => el("div", { class: "blocks home" }, blockNodes(view?.blocks, act));
  return [{ key: "home", print: JSON.stringify(view), render }];
}

async function send(text) {
  const [command, ...rest] = text.split(" ");
  if (!command.startsWith("/")) await api.say(store.view.user, store.view.channel, escape(text));
  else await api.command(store.view.user, store.view.channel, command, rest.join(" "));
}
