/* The service worker: keeps the shell at hand, shows pushes, and has platforms read when the network is back.

   The service fills in VERSION and SHELL. VERSION changes with any file of the shell, and a new worker waits until
   the pages of the old one are gone or one of them says `{type: "activate"}`: no page is left with half of each. */

const VERSION = "{{version}}";
const SHELL = {{shell}};
const PAGES = {{pages}};
const OFFLINE = "/offline";
const CACHE = `soulwire-${VERSION}`;
const SYNC = "sync-platform-data";
const MARK = "/static/mark.svg";

self.addEventListener("install", (event) => event.waitUntil(keepShell()));
self.addEventListener("activate", (event) => event.waitUntil(begin()));
self.addEventListener("fetch", (event) => answer(event));
self.addEventListener("push", (event) => event.waitUntil(show(said(event.data))));
self.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(subscribeAgain(event)));
self.addEventListener("sync", (event) => event.tag === SYNC && event.waitUntil(readPlatforms()));
self.addEventListener("periodicsync", (event) => event.tag === SYNC && event.waitUntil(readPlatforms()));
self.addEventListener("message", (event) => event.data?.type === "activate" && self.skipWaiting());

// -- the shell ---------------------------------------------------------------------------------------

async function keepShell() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...PAGES, OFFLINE, ...SHELL].map((path) => new Request(path, { cache: "reload" })));
}

async function begin() {
  const old = (await caches.keys()).filter((name) => name.startsWith("soulwire-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** What isn't of the shell goes its own way; of pages, an offline one stands in for those that can't be had. */
function answer(event) {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    event.respondWith(PAGES.includes(pathname) ? kept(request, pathname) : fetch(request).catch(() => kept(request, OFFLINE)));
  } else if (SHELL.includes(pathname)) {
    event.respondWith(kept(request, pathname));
  }
}

async function kept(request, path) {
  const cache = await caches.open(CACHE);
  return (await cache.match(path)) ?? fetch(request);
}

// -- pushes ------------------------------------------------------------------------------------------

/** A push has to be shown, whatever it says. */
function said(data) {
  const nothing = { type: "notification", title: "Soulwire", body: "Something has happened." };
  try {
    return data.json() ?? nothing;
  } catch {
    return nothing;
  }
}

function show(event) {
  const text = (value) => (typeof value === "string" ? value : "");
  const title = text(event.title) || text(event.message) || "Soulwire";
  const body = text(event.body) || text(event.hint);
  return self.registration.showNotification(title, {
    body: body === title ? "" : body,
    tag: event.cursor ?? event.id ?? "soulwire", // the same event pushed twice is one notification
    timestamp: Date.parse(event.at) || Date.now(),
    icon: MARK,
    requireInteraction: event.level === "error" && event.persistent !== false,
    data: { url: event.reconnect_url ?? event.url ?? "/" },
  });
}

/** The page that it is about: one that is open, else one of ours that goes there, else a new one. */
async function open(notification) {
  notification.close();
  const url = addressed(notification.data?.url);
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = windows.find((page) => page.url === url.href);
  if (there) return there.focus();
  const [ours] = url.origin === self.location.origin ? await self.clients.matchAll({ type: "window" }) : [];
  if (!ours) return self.clients.openWindow(url.href);
  await ours.focus().catch(() => {}); // first: after a click it is allowed for a moment only
  return ours.navigate(url.href);
}

function addressed(url) {
  const found = URL.canParse(url, self.location.origin) ? new URL(url, self.location.origin) : null;
  return found && /^https?:$/.test(found.protocol) ? found : new URL("/", self.location.origin);
}

/** The browser has put another subscription in the place of ours. */
async function subscribeAgain({ oldSubscription, newSubscription }) {
  const fresh = newSubscription ?? (oldSubscription && (await self.registration.pushManager.subscribe(oldSubscription.options)));
  if (fresh) await call("/api/push/subscribe", fresh.toJSON());
  if (oldSubscription) await call("/api/push/subscribe", { endpoint: oldSubscription.endpoint }, "DELETE");
}

// -- reading platforms -------------------------------------------------------------------------------

/** Fails where it should be tried again, which is then the browser's to do. */
async function readPlatforms() {
  const answer = await fetch("/api/connections");
  if (answer.status === 401) return; // signed out: there is nothing to read, then or later
  if (!answer.ok) throw new Error(`connections: ${answer.status}`);
  const { items } = await answer.json();
  const connected = items.filter((row) => row.status === "connected").map((row) => row.platform);
  await Promise.all(connected.map((platform) => call(`/api/connections/${platform}/sync`)));
  for (const page of await self.clients.matchAll()) page.postMessage({ type: "synced", platforms: connected });
}

async function call(path, body, method = "POST") {
  const json = body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, { method, ...json });
  if (answer.status === 429) throw new Error(`${path}: too many requests`);
}
