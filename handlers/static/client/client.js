/* One user's events in one page: who listens to what, and how it stands. */

import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import * as polling from "./polling.js";
import { sayPresence } from "./presence.js";
import { Sequence } from "./sequence.js";
import * as sse from "./sse.js";
import { next } from "./states.js";
import { Tokens } from "./tokens.js";
import { watchPage } from "./wake.js";
import * as websocket from "./websocket.js";

const TRANSPORTS = [websocket, sse, polling];

/** Opens a user's stream. Listeners that are added in the same turn miss nothing. */
export function connect(options = {}) {
  return new Client(options);
}

export class Client {
  #events = new Emitter();
  #own = new Emitter();
  #sequence;
  #connection;
  #status;
  #pulse = Object.freeze({ heardAt: null, roundTrip: null });
  #leave;

  constructor({ url = "/", getToken, userId, cursor, storage } = {}) {
    this.#sequence = new Sequence(cursor, userId && storage, userId);
    const base = new URL(url.endsWith("/") ? url : `${url}/`, globalThis.location?.href);
    const tokens = new Tokens(getToken);
    const how = { transports: TRANSPORTS, base, user: userId ?? null, tokens, sequence: this.#sequence };
    this.#status = Object.freeze({ state: "connecting", transport: null, user: how.user, code: null, reason: null });
    this.#connection = new Connection(how, {
      changed: (happening, more) => this.#changed(happening, more),
      event: (event) => this.#tell(event),
      message: (message) => this.#tell(message),
      reload: (reason) => this.#own.tell("reload", reason),
      pulse: (roundTrip) => this.#felt(roundTrip),
    });
    this.#leave = [watchPage(this.#connection), sayPresence(this)];
    this.#connection.start();
  }

  /** `{state, transport, user, code, reason}`: a new object whenever something of it changes. */
  get status() {
    return this.#status;
  }

  /** `{heardAt, roundTrip}`: when the server was last heard of, and how long its last answer took. */
  get pulse() {
    return this.#pulse;
  }

  /** Where this page stands in the user's sequence. */
  get cursor() {
    return this.#sequence.cursor;
  }

  /** Calls `fn(event)` for each event of this type, or of all types for `*`. Returns what ends it. */
  on(type, fn) {
    return this.#events.on(type, fn);
  }

  /** Calls `fn(status)` now, and whenever it changes. */
  onStatus(fn) {
    const off = this.#own.on("status", fn);
    fn(this.#status);
    return off;
  }

  onPulse(fn) {
    return this.#own.on("pulse", fn);
  }

  /** Calls `fn(reason)` when what was missed can't be had: read the state anew. What comes after it, comes. */
  onReload(fn) {
    return this.#own.on("reload", fn);
  }

  /** A message to the server. False: there is no socket to send it by. */
  send(message) {
    return this.#connection.send(message);
  }

  /** Try now, also after an error. */
  reconnect() {
    this.#connection.start();
  }

  close() {
    for (const leave of this.#leave) leave();
    this.#connection.stop();
    this.#changed("closed");
    this.#events.clear();
    this.#own.clear();
  }

  #tell(message) {
    this.#events.tell(message.type, message);
    this.#events.tell("*", message);
  }

  #changed(happening, { transport = null, user = this.#status.user, code = null, reason = null } = {}) {
    const status = { state: next(this.#status.state, happening), transport, user, code, reason };
    if (Object.keys(status).every((key) => status[key] === this.#status[key])) return;
    this.#status = Object.freeze(status);
    this.#own.tell("status", this.#status);
  }

  #felt(roundTrip) {
    this.#pulse = Object.freeze({ heardAt: Date.now(), roundTrip: roundTrip ?? this.#pulse.roundTrip });
    this.#own.tell("pulse", this.#pulse);
  }
}
