/* The page's side of the service worker: registering it, background sync, push, and a newer version of itself. */

const WORKER = "/service-worker.js";
const SYNC = "sync-platform-data";
const DAY = 24 * 60 * 60 * 1000;

/** The registration, once the worker is at work. Null where the browser has no workers, or the page isn't secure. */
export async function register(path = WORKER) {
  if (!("serviceWorker" in navigator)) return null;
  await navigator.serviceWorker.register(path, { updateViaCache: "none" });
  return navigator.serviceWorker.ready;
}

/** Have all platforms read once the network is there. False: this browser has no background sync, or doesn't allow it. */
export function requestSync(registration) {
  return allowed(registration?.sync, (sync) => sync.register(SYNC));
}

/** Have them read now and then while no page is open. */
export function requestPeriodicSync(registration, every = DAY / 2) {
  return allowed(registration?.periodicSync, (sync) => sync.register(SYNC, { minInterval: every }));
}

/** Asks for permission where it hasn't been asked for, so call it when the user presses something. Null: not allowed. */
export async function subscribePush(registration, how) {
  if (!registration?.pushManager || (await Notification.requestPermission()) !== "granted") return null;
  const { public_key: key } = await ask("GET", "api/push/key", how);
  const subscription = await withKey(registration.pushManager, key);
  if (!subscription) return null;
  await ask("POST", "api/push/subscribe", how, subscription.toJSON());
  return subscription;
}

export async function unsubscribePush(registration, how) {
  const subscription = await registration?.pushManager?.getSubscription();
  if (!subscription) return;
  await ask("DELETE", "api/push/subscribe", how, { endpoint: subscription.endpoint });
  await subscription.unsubscribe();
}

/** Calls `fn(activate)` when a newer version waits; `activate()` takes it over and loads the page anew. */
export function onUpdate(registration, fn) {
  const offer = (worker) => {
    if (!worker || !navigator.serviceWorker.controller) return; // the first one replaces nothing
    fn(() => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      worker.postMessage({ type: "activate" });
    });
  };
  if (registration.waiting) offer(registration.waiting);
  const found = () => {
    const worker = registration.installing;
    worker?.addEventListener("statechange", () => worker.state === "installed" && offer(worker));
  };
  registration.addEventListener("updatefound", found);
  return () => registration.removeEventListener("updatefound", found);
}

async function allowed(manager, register) {
  if (!manager) return false;
  try {
    await register(manager);
    return true;
  } catch {
    return false;
  }
}

/** A subscription made for another key is of no use: the service's key has changed since. */
async function withKey(manager, key) {
  const options = { userVisibleOnly: true, applicationServerKey: key };
  try {
    return await manager.subscribe(options);
  } catch (error) {
    if (error.name === "NotAllowedError") return null; // some windows have no push whatever the user says: private ones
    const old = await manager.getSubscription();
    if (error.name !== "InvalidStateError" || !old) throw error;
    await old.unsubscribe();
    return manager.subscribe(options);
  }
}

/** By the session's cookie, or by a token where one is given. */
async function ask(method, path, { url = "/", token = null } = {}, body) {
  const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { "Content-Type": "application/json" }) };
  const base = new URL(url.endsWith("/") ? url : `${url}/`, location.href);
  const answer = await fetch(new URL(path, base), { method, headers, credentials: "include", body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}
