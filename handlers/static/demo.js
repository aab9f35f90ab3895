/* The demo: the client, the elements and the worker together, with the sandbox's platforms behind them. */

import { setNetwork } from "./network.js";
import { get, post, remove, sandboxToken } from "./api.js";
import { connect } from "/client/soulwire.js";
import * as background from "/client/background.js";
import { provide } from "/client/elements/elements.js";
import { play } from "./playing.js";
import { register } from "./renewing.js";

const PLATFORMS = ["github", "gmail", "slack", "calendar", "spotify", "youtube", "discord", "linkedin"];
const NOTICES = {
  notify: { level: "success", title: "Export finished", body: "All 1,204 rows are there.", source: "system", persistent: false },
  warn: { level: "error", title: "Disk almost full", body: "Less than 2 GB are left.", source: "performance", persistent: true },
};
const $ = (id) => document.getElementById(id);

let client = null;
let user = null;

const registering = register();

start();

function start() {
  $("cards").append(...PLATFORMS.map(card));
  $("network").onchange = ({ target }) => setNetwork(target.checked);
  $("person").onchange = ({ target }) => attempt(() => enter(target.value));
  for (const button of document.querySelectorAll("[data-platform]:is(button)")) {
    press(button, async () => `On ${button.textContent}: ${await play(button.dataset.platform, user)}.`);
  }
  for (const id of Object.keys(NOTICES)) press($(id), () => notify(NOTICES[id]));
  press($("read"), readFromTheStart);
  press($("sync"), async () => ((await background.requestSync(await registering)) ? "All platforms are read as soon as there is a network." : "The browser has no background sync, or does not allow it here."));
  press($("push"), async () => ((await background.subscribePush(await registering)) ? "Notifications come as pushes while no page is in sight." : "The browser does not allow pushes here."));
  attempt(() => registering);
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data?.type === "synced") $("said").textContent = `Read: ${data.platforms.length} platforms.`;
  });
  attempt(async () => enter((await get("/api/session")).user ?? "ada"));
}

function card(platform) {
  const element = document.createElement("soulwire-stream-card");
  element.setAttribute("platform", platform);
  return element;
}

/** Signed in by the cookie, as an app's page would be. The cursor is kept, so a page that comes back has what it missed. */
async function enter(name) {
  user = $("person").value = name;
  client?.close();
  await signIn();
  client = connect({ userId: user, getToken: token, storage: sessionStorage });
  provide(client);
  const { items } = await get("/api/connections");
  document.querySelector("soulwire-realtime").connections = items.filter((row) => row.configured);
  for (const row of items) {
    const shown = document.querySelector(`soulwire-stream-card[platform=${row.platform}]`);
    if (shown) shown.connection = row;
  }
}

async function signIn() {
  const fresh = await sandboxToken(user);
  await post("/api/session", { token: fresh });
  return fresh;
}

function token({ why }) {
  return why === "connect" ? null : signIn();
}

async function notify(notice) {
  const event = { type: "notification", id: crypto.randomUUID(), ...notice };
  await post(`/api/users/${user}/send`, { event }, await sandboxToken("app", "service"));
  return "Sent, as the app's back end would.";
}

async function readFromTheStart() {
  await remove("/api/connections/calendar?purge=true");
  location.assign("/api/oauth/calendar/connect?return=/demo");
  return "Google asks first …";
}

function press(button, work) {
  button.onclick = async () => {
    button.disabled = true;
    await attempt(async () => ($("said").textContent = await work()));
    button.disabled = false;
  };
}

async function attempt(work) {
  $("trouble").hidden = true;
  try {
    await work();
  } catch (error) {
    $("trouble").hidden = false;
    $("trouble").textContent = error.message;
  }
}
