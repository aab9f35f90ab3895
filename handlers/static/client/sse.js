/* Server-sent events, read with fetch: unlike EventSource it sends a token in a header, sees the heartbeats, is told
 * why it was refused, and doesn't come back by itself with a token that is no longer good. */

import { CODES, endOf } from "./codes.js";
import { ask, say } from "./http.js";
import { takeSeat } from "./seats.js";
import { SseParser } from "./sseparser.js";

const SILENCE = 45_000; // two heartbeats
const PROOF = 22_000; // one heartbeat

export const name = "sse";

export function open(how) {
  const wire = new Wire(how);
  wire.open().catch((error) => wire.end({ code: CODES.LOST, reason: String(error) }));
  return wire;
}

class Wire {
  #how;
  #heard;
  #aborter = new AbortController();
  #watchdog = 0;
  #heardAt = 0; // unlike performance.now() this counts sleep
  #leave = () => {};
  #over = false;

  constructor(how) {
    this.#how = how;
    this.#heard = how.heard;
  }

  async open() {
    const { base, cursor, user, token } = this.#how;
    const leave = await takeSeat(new URL(base).origin);
    if (!leave) return this.end({ code: CODES.TOO_MANY_STREAMS, reason: "other tabs have all the streams" });
    if (this.#over) return leave();
    this.#leave = leave;
    const answer = await ask(base, "api/sse/stream", { cursor, userId: user }, { token, signal: this.#aborter.signal });
    if (answer.status !== 200) return this.end(await endOf(answer));
    await this.#read(answer.body.getReader());
    this.end({ code: CODES.LOST, reason: "the stream ended" });
  }

  send(message) {
    return say(this.#how.base, message, this.#how.token);
  }

  /** Nothing can be asked over a stream that only comes; whether it has been heard of lately. */
  check() {
    return Date.now() - this.#heardAt < PROOF;
  }

  close() {
    this.#over = true;
    clearTimeout(this.#watchdog);
    this.#aborter.abort();
    this.#leave();
  }

  end(end) {
    if (this.#over) return;
    this.close();
    this.#heard.ended(end);
  }

  async #read(reader) {
    const decoder = new TextDecoder();
    const parser = new SseParser((type, data) => this.#take(type, data));
    for (;;) {
      this.#watch();
      const { done, value } = await reader.read();
      if (done || this.#over) return;
      this.#heard.alive(null);
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  #take(type, data) {
    if (this.#over) return;
    const message = JSON.parse(data);
    if (type !== "close") this.#heard.message(message);
    else this.end({ code: message.code, retryAfter: message.retry_after_ms ?? undefined, reason: "" });
  }

  #watch() {
    this.#heardAt = Date.now();
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.end({ code: CODES.LOST, reason: "no heartbeat" }), SILENCE);
  }
}
