/* One user's events over WebSocket: resumes by cursor, comes back by itself, and says in which state it is.
 *
 * The server closes with 4000-4499 when one is to come back, and with 4500 and more when one is not. */

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;

export class Stream {
  #socket = null;
  #timer = 0;
  #pinging = 0;
  #pong = 0;
  #failures = 0;
  #ended = false;

  /** `heard`: onState(state, why), onEvent(event), onReload(reason), onExpiring(), onRefused(code). */
  constructor(cursor, heard) {
    this.cursor = cursor;
    this.heard = heard;
    this.online = () => this.#openNow();
    addEventListener("online", this.online);
    this.#open();
  }

  /** A fresh token for the open stream. */
  renew(token) {
    this.#send({ type: "auth", token });
  }

  end() {
    this.#ended = true;
    removeEventListener("online", this.online);
    clearTimeout(this.#timer);
    this.#stopPinging();
    this.#socket?.close(1000);
  }

  #open() {
    clearTimeout(this.#timer);
    this.heard.onState("connecting");
    const address = new URL("/ws", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    if (this.cursor) address.searchParams.set("cursor", this.cursor);
    const socket = new WebSocket(address);
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = (close) => this.#closed(close);
  }

  #openNow() {
    if (this.#ended || this.#socket?.readyState === WebSocket.OPEN) return;
    this.#failures = 0;
    if (this.#socket?.readyState !== WebSocket.CONNECTING) this.#open();
  }

  #hear(message) {
    if ("offset" in message) {
      this.cursor = message.cursor;
      this.heard.onEvent(message);
    } else if (message.type === "authenticated") {
      this.#failures = 0;
      this.#startPinging();
      this.heard.onState("live");
      if (message.recovered === false) this.heard.onReload(message.reason);
      this.cursor = message.cursor;
    } else if (message.type === "token_expiring") {
      this.heard.onExpiring();
    } else if (message.type === "pong") {
      clearTimeout(this.#pong);
    }
  }

  #closed({ code, reason }) {
    this.#stopPinging();
    if (this.#ended) return;
    if (code >= 4500) {
      this.#ended = true;
      this.heard.onState("offline", reason);
      this.heard.onRefused(code);
      return;
    }
    const wait = asked(reason) ?? Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.#failures);
    this.#failures += 1;
    this.heard.onState(this.#failures > 2 || !navigator.onLine ? "offline" : "connecting");
    if (code === 4001) this.heard.onExpiring();
    this.#timer = setTimeout(() => this.#open(), wait);
  }

  #startPinging() {
    this.#stopPinging();
    this.#pinging = setInterval(() => {
      this.#send({ type: "ping" });
      this.#pong = setTimeout(() => this.#lost(), PONG_WITHIN);
    }, PING_EVERY);
  }

  /** The other side is gone without a word: a close would wait for its answer. */
  #lost() {
    const socket = this.#socket;
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.#closed({ code: 1006, reason: "" });
  }

  #stopPinging() {
    clearInterval(this.#pinging);
    clearTimeout(this.#pong);
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}

/** What the server asks us to wait, in milliseconds. */
function asked(reason) {
  try {
    return JSON.parse(reason).retry_after_ms;
  } catch {
    return undefined;
  }
}
