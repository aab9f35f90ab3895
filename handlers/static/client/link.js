/* One transport, opened once: from asking for a token to its end. */

import { CODES } from "./codes.js";

const OPEN_WITHIN = 5_000;

export class Link {
  level;
  opened = false;
  #transport;
  #wire = null;
  #owner;
  #timer = 0;
  #over = false;
  #since = performance.now();

  /** `owner` is told: onOpen(link, greeting), onMessage(link, message), onPulse(link, roundTrip), onEnd(link, end). */
  constructor(level, transport, owner) {
    this.level = level;
    this.#transport = transport;
    this.#owner = owner;
  }

  get transport() {
    return this.#transport.name;
  }

  /** Milliseconds since it was made or, once it is open, since then. */
  get age() {
    return performance.now() - this.#since;
  }

  /** `token` is asked for here: one that can't be had says nothing about the transport. */
  async open(how, token) {
    let got;
    try {
      got = await token();
    } catch (error) {
      return this.ended({ code: CODES.LOST, reason: String(error), blameless: true });
    }
    if (!this.#over) this.#dial({ ...how, token: got, heard: this });
  }

  close() {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#wire?.close();
  }

  send(message) {
    return this.#wire?.send?.(message) ?? false;
  }

  /** Whether the transport can go on under a fresh token. */
  renew(token) {
    return this.#wire.renew?.(token) ?? false;
  }

  /** Whether it is known to be alive, or will find out by itself. */
  check() {
    return this.#wire.check();
  }

  #dial(how) {
    this.#timer = setTimeout(() => this.ended({ code: CODES.LOST, reason: "no answer" }), OPEN_WITHIN);
    try {
      this.#wire = this.#transport.open(how);
    } catch (error) {
      this.ended({ code: CODES.LOST, reason: String(error) });
    }
  }

  // -- what a transport tells --------------------------------------------------------------------

  message(message) {
    if (this.#over) return;
    this.alive(null);
    if (this.opened) return this.#owner.onMessage(this, message);
    if (message.type !== "authenticated") return;
    clearTimeout(this.#timer);
    this.opened = true;
    this.#since = performance.now();
    this.#owner.onOpen(this, message);
  }

  alive(roundTrip) {
    if (!this.#over) this.#owner.onPulse(this, roundTrip);
  }

  ended(end) {
    if (this.#over) return;
    this.close();
    this.#owner.onEnd(this, end);
  }
}
