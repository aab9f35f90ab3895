/* The plain page: signs in, shows the connections, and lists events as they come. */

import { UNREACHED, get, post, remove, sandbox, sandboxToken } from "./api.js";
import { CODES, connect } from "/client/soulwire.js";
import { title } from "/client/elements/words.js";
import { play } from "./playing.js";
import { register } from "./renewing.js";
import * as view from "./view.js";

const { $ } = view;
const inSandbox = sandbox !== "";
const LOOK_AGAIN = 15_000; // how often connections are read for the sake of the times on their cards
const SOON = 200;
const TRY_AGAIN = 10_000;
const OF_THE_TOKEN = new Set([CODES.NO_AUTH, CODES.INVALID_TOKEN, CODES.TOKEN_EXPIRED]);
const CHANGES = new Set(["connected", "connection_status", "needs_reauth"]); // on the cards at once
const WORK = new Set(["token_refresh", "platform_sync"]); // when it is time

let user = null;
let stream = null;
let readAt = 0;
let reading = 0;
let last = 0; // the offset of the newest event that is shown
let held = null; // events that come while the list is read anew

start();

async function start() {
  $("sign-out").onclick = signOut;
  $("token-form").onsubmit = (event) => {
    event.preventDefault();
    busy(event.submitter, () => signIn($("token").value.trim()));
  };
  for (const button of document.querySelectorAll("[data-person]")) {
    button.onclick = () => busy(button, async () => signIn(await sandboxToken(button.dataset.person)));
  }
  for (const button of document.querySelectorAll("button[data-platform]")) {
    button.onclick = () => busy(button, () => makeHappen(button.dataset.platform));
  }
  const back = new URLSearchParams(location.search);
  if (back.has("result")) {
    view.showResult(back.get("platform"), back.get("result"));
    history.replaceState(null, "", location.pathname);
  }
  await attempt(begin);
  register().catch(() => {}); // last, for it fetches a lot; without a worker the page only can't come without a network
}

/** The worker gives this page also when nothing else can be had. */
async function begin() {
  try {
    const session = await get("/api/session");
    await (session.user ? enter(session.user) : view.showSignedOut(inSandbox));
  } catch (error) {
    if (error.status !== UNREACHED) throw error;
    view.showState({ state: "offline" });
    const wait = new AbortController();
    const again = () => {
      wait.abort();
      attempt(begin);
    };
    addEventListener("online", again, { signal: wait.signal });
    const timer = setTimeout(again, TRY_AGAIN);
    wait.signal.addEventListener("abort", () => clearTimeout(timer));
  }
}

async function signIn(token) {
  const session = await post("/api/session", { token });
  $("token").value = "";
  await enter(session.user);
}

async function signOut() {
  leave();
  await attempt(() => remove("/api/session"));
  view.showSignedOut(inSandbox);
}

async function enter(name) {
  user = name;
  view.showTrouble(null);
  view.showSignedIn(user, inSandbox);
  await readConnections();
  const cursor = await readHistory();
  stream = connect({ userId: user, cursor, getToken: inSandbox ? token : undefined });
  stream.on("*", (event) => "offset" in event && heard(event));
  stream.onReload(() => attempt(reload));
  stream.onStatus((status) => {
    view.showState(status);
    if (status.state === "error") attempt(() => refused(status.code));
  });
}

/** The stream may not come back as it is. */
async function refused(code) {
  const name = user;
  leave();
  if (OF_THE_TOKEN.has(code) && inSandbox) return signIn(await sandboxToken(name));
  view.showSignedOut(inSandbox);
  throw new Error("You have been signed out. Please sign in again.");
}

function leave() {
  stream?.close();
  stream = user = null;
  clearTimeout(reading);
  reading = 0;
}

async function readHistory() {
  const { items, cursor } = await get("/api/events?limit=100");
  view.showHistory(items);
  last = items.at(-1)?.offset ?? 0;
  return cursor;
}

/** What was missed can't be had one by one any more: the list is read anew, and what comes meanwhile waits. */
async function reload() {
  held = [];
  try {
    await readHistory();
  } finally {
    const waiting = held;
    held = null;
    waiting.forEach(heard);
  }
}

async function readConnections() {
  readAt = Date.now();
  view.showConnections((await get("/api/connections")).items, look, disconnect);
}

function readConnectionsIn(milliseconds) {
  clearTimeout(reading);
  reading = setTimeout(() => {
    reading = 0;
    attempt(readConnections);
  }, milliseconds);
}

function heard(event) {
  if (held) {
    held.push(event);
    return;
  }
  if (event.offset <= last) return; // the list had it already
  last = event.offset;
  view.showEvent(event, true);
  if (CHANGES.has(event.type)) readConnectionsIn(SOON);
  else if (WORK.has(event.type) && !reading) readConnectionsIn(Math.max(SOON, readAt + LOOK_AGAIN - Date.now()));
}

/** The session's cookie is what the page signs in by. Only the sandbox gives new tokens here; elsewhere the app does,
 * and the user signs in anew. */
async function token({ why }) {
  if (why === "connect") return null;
  const fresh = await sandboxToken(user);
  await post("/api/session", { token: fresh });
  return fresh;
}

function look(platform, button) {
  return busy(button, () => post(`/api/connections/${platform}/sync`));
}

function disconnect(platform, button) {
  return busy(button, async () => {
    await remove(`/api/connections/${platform}`);
    await readConnections();
  });
}

async function makeHappen(platform) {
  $("played").textContent = `Done: ${await play(platform, user)} on ${title(platform)}.`;
}

async function busy(button, work) {
  button.disabled = true;
  await attempt(work);
  button.disabled = false;
}

async function attempt(work) {
  view.showTrouble(null);
  try {
    await work();
  } catch (error) {
    view.showTrouble(error.message);
    if (!user) view.showSignedOut(inSandbox);
  }
}
