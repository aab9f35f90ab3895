/* One timer for all times that grow old on the page. */

import { ago, exactly } from "./words.js";

const EVERY = 10_000;
const shown = new Map();
let timer = null;

/** Shows in `element` (a `<time>`) how long ago that was, and keeps it true until `forget`. */
export function showAge(element, at) {
  element.dateTime = new Date(at).toISOString();
  element.title = exactly(at);
  element.textContent = ago(at);
  shown.set(element, at);
  timer ??= setInterval(tick, EVERY);
}

export function forget(element) {
  shown.delete(element);
  if (shown.size === 0) {
    clearInterval(timer);
    timer = null;
  }
}

function tick() {
  for (const [element, at] of shown) {
    if (element.isConnected) element.textContent = ago(at);
    else forget(element);
  }
}
