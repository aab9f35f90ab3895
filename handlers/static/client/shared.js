/* One client for all who want the same user's events in this page. */

import { connect } from "./client.js";
import { Notifications } from "./notifications.js";
import { Progress } from "./progress.js";

const LINGER = 500; // one who leaves is often followed by another at once: a new view, React's strict mode

const held = new Map();

/** `{client, notifications, progress, release}`; the connection ends soon after the last one is released. */
export function acquire(options) {
  const key = JSON.stringify([options.url ?? null, options.userId ?? null]);
  const one = held.get(key) ?? make(key, options);
  clearTimeout(one.timer);
  one.holders += 1;
  return { ...one.parts, release: once(() => leave(key, one)) };
}

function make(key, options) {
  const client = connect(options);
  const parts = { client, notifications: new Notifications(client), progress: new Progress(client) };
  const one = { parts, holders: 0, timer: 0 };
  held.set(key, one);
  return one;
}

function leave(key, one) {
  one.holders -= 1;
  if (one.holders > 0) return;
  one.timer = setTimeout(() => {
    held.delete(key);
    one.parts.client.close();
  }, LINGER);
}

function once(fn) {
  let done = false;
  return () => {
    if (!done) fn();
    done = true;
  };
}
