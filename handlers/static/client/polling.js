/* Asking again and again: for networks where no stream gets through. */

import { CODES, endOf } from "./codes.js";
import { ask, say } from "./http.js";
import { claimsOf } from "./tokens.js";

const EVERY = 5_000;
const EVERY_HIDDEN = 30_000;
const AT_ONCE = 500;
const ANSWER_WITHIN = 15_000;
const WARN_AHEAD = 60_000;

export const name = "polling";

export function open(how) {
  const wire = new Wire(how);
  wire.poll();
  return wire;
}

class Wire {
  #how;
  #token;
  #cursor;
  #greeted = false;
  #warned = false;
  #timer = 0;
  #aborter = null;
  #over = false;

  constructor(how) {
    this.#how = how;
    this.#token = how.token;
    this.#cursor = how.cursor;
  }

  renew(token) {
    this.#token = token;
    this.#warned = false;
    this.#warn();
    return true;
  }

  send(message) {
    return say(this.#how.base, message, this.#token);
  }

  check() {
    if (!this.#aborter) this.poll();
    return true;
  }

  close() {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#aborter?.abort();
  }

  async poll() {
    clearTimeout(this.#timer);
    const aborter = (this.#aborter = new AbortController());
    const late = setTimeout(() => aborter.abort(), ANSWER_WITHIN);
    try {
      await this.#once(aborter.signal);
    } catch (error) {
      this.#end({ code: CODES.LOST, reason: String(error) });
    } finally {
      clearTimeout(late);
      this.#aborter = null;
    }
  }

  async #once(signal) {
    const { base, user } = this.#how;
    const began = performance.now();
    const limit = this.#cursor ? AT_ONCE : 1; // without a cursor only the place counts
    const parameters = { cursor: this.#cursor, limit, userId: user };
    const answer = await ask(base, "api/events", parameters, { token: this.#token, signal });
    if (!answer.ok) return this.#end(await endOf(answer));
    const page = await answer.json();
    if (this.#over) return;
    this.#how.heard.alive(performance.now() - began);
    this.#take(page);
    this.#warn();
    const more = page.items.length === limit && page.recovered;
    if (!this.#over) this.#timer = setTimeout(() => this.poll(), more ? 0 : this.#pause());
  }

  #take({ items, cursor, recovered, reason }) {
    const { heard } = this.#how;
    if (!this.#greeted || recovered === false) {
      const told = recovered === null ? {} : { recovered, reason };
      heard.message({ type: "authenticated", cursor, ...told });
    }
    this.#greeted = true;
    this.#cursor = cursor;
    if (recovered) for (const event of items) if (!this.#over) heard.message(event);
  }

  #pause() {
    const every = globalThis.document?.visibilityState === "hidden" ? EVERY_HIDDEN : EVERY;
    return every * (0.8 + 0.4 * Math.random());
  }

  /** As the server does on a stream. A fresh token that is over by the clock here says that this clock runs ahead: so
   * would the next one be, and the server's word is waited for. */
  #warn() {
    const left = (this.#token ? (claimsOf(this.#token).exp ?? Infinity) : Infinity) * 1000 - Date.now();
    if (left > WARN_AHEAD || left <= 0 || this.#warned || this.#over) return;
    this.#warned = true;
    this.#how.heard.message({ type: "token_expiring", seconds: Math.max(1, Math.round(left / 1000)) });
  }

  #end(end) {
    if (this.#over) return;
    this.close();
    this.#how.heard.ended(end);
  }
}
