/* WebSocket. Without a token the session's cookie speaks for the page; a token goes in the first message, never in the
 * address. The server's own pings are answered by the browser and can't be seen here, so the page sends some too. */

import { CODES } from "./codes.js";
import { claimsOf } from "./tokens.js";

const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;
const PROOF_WITHIN = 4_000; // when there is a reason to doubt
const LONG_AGO = 90_000; // pings were not sent, for the page slept; throttled timers still send one each minute

export const name = "websocket";

export function open({ base, cursor, user, token, heard }) {
  const wire = new Wire({ cursor, user, token }, heard);
  wire.open(address(base, token ? {} : { cursor, userId: user }));
  return wire;
}

class Wire {
  #socket;
  #auth;
  #heard;
  #settled = false;
  #pinging = 0;
  #pong = 0;
  #pingedAt = 0;
  #heardAt = Date.now(); // unlike performance.now() it counts sleep

  constructor(auth, heard) {
    this.#auth = auth;
    this.#heard = heard;
  }

  open(url) {
    const socket = (this.#socket = new WebSocket(url));
    socket.onopen = () => this.#auth.token && this.renew(this.#auth.token);
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#end(endOf(code, reason));
  }

  /** In band: the stream goes on under the fresh token. */
  renew(token) {
    const { cursor, user } = this.#auth;
    this.send({ type: "auth", token, ...(user && { userId: user }), ...(!this.#settled && cursor && { cursor }) });
    return true;
  }

  send(message) {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Asks whether anybody is there, and ends the stream soon if not. False: there was silence for so long that one
   * needn't wait for the answer. */
  check() {
    this.#ping(PROOF_WITHIN);
    return Date.now() - this.#heardAt < LONG_AGO;
  }

  close() {
    this.#stop();
    this.#socket.close(1000);
  }

  #hear(message) {
    clearTimeout(this.#pong);
    this.#pong = 0;
    this.#heardAt = Date.now();
    if (message.type === "pong") {
      this.#heard.alive(performance.now() - this.#pingedAt);
    } else if (this.#settled || this.#isOurs(message)) {
      this.#heard.message(message);
    }
  }

  #isOurs(message) {
    if (message.type !== "authenticated" || this.#isOfACookie(message)) return false;
    this.#pinging = setInterval(() => this.#ping(PONG_WITHIN), PING_EVERY);
    return (this.#settled = true);
  }

  /** A cookie that this browser has too may have opened the stream somewhere else, or for somebody else, before our
   * first message was read. */
  #isOfACookie({ user_id, recovered }) {
    const { token, cursor } = this.#auth;
    if (!token) return false;
    return (cursor && recovered === undefined) || (claimsOf(token).sub ?? user_id) !== user_id;
  }

  #ping(within) {
    if (this.#pong) return;
    this.#pingedAt = performance.now();
    this.#pong = setTimeout(() => this.#lost(), within);
    this.send({ type: "ping" });
  }

  /** The other side is gone without a word: to close in order would wait for its answer. */
  #lost() {
    this.#socket.close();
    this.#end({ code: CODES.LOST, reason: "no answer to a ping" });
  }

  #end(end) {
    this.#stop();
    this.#heard.ended(end);
  }

  #stop() {
    clearInterval(this.#pinging);
    clearTimeout(this.#pong);
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
  }
}

function address(base, parameters) {
  const url = new URL("ws", base);
  url.protocol = url.protocol.replace("http", "ws");
  for (const [key, value] of Object.entries(parameters)) if (value) url.searchParams.set(key, value);
  return url;
}

/** The server's reason is JSON when one is to come back; codes below 4000 are the network's. */
function endOf(code, reason) {
  let retryAfter;
  try {
    retryAfter = JSON.parse(reason).retry_after_ms;
  } catch {
    /* in words, or none */
  }
  return { code: code >= 4000 ? code : CODES.LOST, retryAfter, reason };
}
