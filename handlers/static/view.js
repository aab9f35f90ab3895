/* What the page shows. Text only ever goes in as text. */

import { TITLES } from "/client/elements/words.js";

const MOST_EVENTS = 200;
const FIRST_SEEN = 8; // on a narrow screen, until older ones are asked for (page.css)
const STATES = {
  live: "Live",
  connecting: "Connecting …",
  offline: "Offline: what you see may be old",
  error: "Not connected",
};
const LATE = "Live, a few seconds late"; // where no stream gets through
const STATUSES = { connected: "connected", needs_reauth: "needs you", disconnected: "not connected" };
const METHODS = { webhook: "webhooks, at once", polling: "looking now and then" };
const RESULTS = {
  connected: "is connected.",
  denied: "was not connected: you did not allow it.",
  expired: "was not connected: it took too long. Please try again.",
  failed: "was not connected. What went wrong stands below.",
  other_account: "was not connected: this connection belongs to another account.",
};
const BAD = new Set(["needs_reauth", "problem"]);
const QUIET = new Set(["platform_sync", "token_refresh", "extraction_progress"]); // work, not news

export const $ = (id) => document.getElementById(id);

const moment = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

export function showState({ state, transport }) {
  $("state").dataset.state = state;
  $("state").textContent = transport === "polling" ? LATE : STATES[state];
}

export function showTrouble(text) {
  $("trouble").hidden = !text;
  $("trouble").textContent = text ?? "";
}

export function showSignedOut(inSandbox) {
  $("state").dataset.state = "offline";
  $("state").textContent = "Not signed in";
  $("home").hidden = $("who").hidden = true;
  $("sign-in").hidden = false;
  $("people").hidden = !inSandbox;
  $("token-form").hidden = inSandbox;
  $("events").replaceChildren();
  $("connections").replaceChildren();
}

export function showSignedIn(user, inSandbox) {
  $("name").textContent = user;
  $("home").hidden = $("who").hidden = false;
  $("sign-in").hidden = true;
  $("play").hidden = !inSandbox;
  if (inSandbox) $("demo").href = "/demo"; // elsewhere there is no such page
}

/** How a connect ended that the user comes back from. */
export function showResult(platform, result) {
  $("result").hidden = !RESULTS[result];
  $("result").dataset.tone = result === "connected" ? "good" : "bad";
  $("result").textContent = `${TITLES[platform] ?? "The platform"} ${RESULTS[result] ?? ""}`;
}

/** `look(platform)` and `leave(platform)` are what the buttons do; connecting is a link, since it leads away.
    Cards that were open stay so, and the focus where it was. */
export function showConnections(rows, look, leave) {
  const list = $("connections");
  const open = new Set([...list.querySelectorAll("details[open]")].map((card) => card.dataset.platform));
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const [platform, part] = [focused?.closest("li").dataset.platform, focused?.className || focused?.tagName];
  list.replaceChildren(...rows.map((row) => connection(row, open.has(row.platform), look, leave)));
  if (!focused) return;
  const card = list.querySelector(`li[data-platform="${platform}"]`);
  const again = [...(card?.querySelectorAll("summary, button, a") ?? [])];
  (again.find((one) => (one.className || one.tagName) === part && !one.hidden) ?? again[0])?.focus();
}

export function showEvent(event, fresh) {
  const item = $("event").content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`.${name}`);
  item.dataset.platform = event.platform ?? "";
  item.dataset.tone = BAD.has(event.type) ? "bad" : QUIET.has(event.type) ? "quiet" : "";
  part("line").append(...line(event));
  part("platform").textContent = TITLES[event.platform] ?? event.platform ?? "";
  part("type").textContent = event.type.replaceAll("_", " ");
  part("offset").textContent = `#${event.offset}`;
  const time = item.querySelector("time");
  time.dateTime = event.at;
  time.textContent = clock(event.at);
  if (fresh) item.classList.add("fresh");
  $("events").prepend(item);
  while ($("events").children.length > MOST_EVENTS) $("events").lastElementChild.remove();
  $("older").hidden = $("events").children.length <= FIRST_SEEN;
  $("nothing").hidden = true;
}

export function showHistory(events) {
  $("events").replaceChildren();
  $("events").classList.remove("all");
  $("older").hidden = true;
  $("older").onclick = showOlder;
  $("nothing").hidden = events.length > 0;
  for (const event of events) showEvent(event, false);
}

function connection(row, open, look, leave) {
  const item = $("connection").content.firstElementChild.cloneNode(true);
  const part = (name) => item.querySelector(`.${name}`);
  const details = item.querySelector("details");
  item.dataset.platform = details.dataset.platform = row.platform;
  item.dataset.status = row.status;
  details.open = open && row.status === "connected";
  part("title").textContent = row.title;
  part("badge").textContent = row.configured ? STATUSES[row.status] : "not set up";
  part("account").textContent = row.account?.name ?? "";
  part("method").textContent = METHODS[row.method] ?? "–";
  part("why").textContent = row.method_reason ?? "";
  part("last").textContent = clock(row.last_sync);
  part("next").textContent = clock(row.next_poll);
  part("error").hidden = !row.error_message;
  part("error").textContent = row.error_message ?? "";
  const connected = row.status === "connected";
  const summary = item.querySelector("summary");
  if (!connected) summary.tabIndex = -1; // there is nothing to open
  summary.onclick = (click) => connected || click.preventDefault();
  part("look").hidden = !connected;
  part("look").setAttribute("aria-label", `Look at ${row.title} now`);
  part("look").onclick = ({ target }) => look(row.platform, target);
  part("leave").hidden = !connected;
  part("leave").setAttribute("aria-label", `Disconnect ${row.title}`);
  part("leave").onclick = ({ target }) => leave(row.platform, target);
  const link = part("connect");
  link.hidden = connected || !row.configured;
  link.href = `/api/oauth/${row.platform}/connect?return=/`;
  link.textContent = row.status === "needs_reauth" ? "Connect again" : "Connect";
  return item;
}

function showOlder() {
  $("events").classList.add("all");
  $("events").focus();
}

function line(event) {
  const text = event.message ?? [event.who, event.what, event.where].filter(Boolean).join(" ") ?? "";
  const shown = text || event.hint || event.reason || event.type.replaceAll("_", " ");
  if (!/^https?:\/\//.test(event.url ?? "")) return [shown];
  const link = document.createElement("a");
  link.href = event.url;
  link.rel = "noreferrer";
  link.target = "_blank";
  link.textContent = shown;
  return [link];
}

function clock(at) {
  if (!at) return "–";
  const when = new Date(at);
  const today = when.toDateString() === new Date().toDateString();
  return today ? moment.format(when) : `${day.format(when)}, ${moment.format(when)}`;
}
