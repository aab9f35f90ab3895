/* <soulwire-realtime>: the stream and each source behind it: when it was last heard of, and a way to try again. */

import { SoulwireElement, define } from "./base.js";
import { sheet } from "./look.js";
import { forget, showAge } from "./ticking.js";
import { STATES, TRANSPORTS, title, webAddress } from "./words.js";

const CONNECTED = { connected: "live", needs_reauth: "error", disconnected: "offline" };

export class SoulwireRealtime extends SoulwireElement {
  static markup = `
    <section class="panel" aria-label="Realtime status">
      <div class="row stream" data-state="offline">
        <span class="dot"></span>
        <span><b class="name">Stream</b> <span class="soft how" role="status"></span><br><span class="soft">last heard <time class="age">–</time></span></span>
        <button type="button" class="again end">Reconnect</button>
      </div>
      <ul class="sources"></ul>
    </section>`;
  static looks = [sheet(`.source { padding-top: .6em; margin-top: .6em; border-top: 1px solid var(--line); }`)];

  #sources = new Map();

  begin() {
    this.$("again").onclick = () => this.client?.reconnect();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    forget(this.$("age"));
    for (const source of this.#sources.values()) forget(source.querySelector("time"));
  }

  /** Rows of `GET /api/connections`: how they stood when the page came. */
  set connections(rows) {
    for (const row of rows) {
      const source = this.#source(row.platform);
      this.#stands(source, row.status, row.reconnect_url);
      if (row.last_sync) showAge(source.querySelector("time"), row.last_sync);
    }
  }

  listen(client) {
    return [
      client.onStatus((status) => this.#streamIs(status)),
      client.onPulse((pulse) => this.#beats(pulse)),
      client.on("*", (event) => this.#hear(event)),
    ];
  }

  #streamIs({ state, transport, reason }) {
    const stream = this.$("stream");
    stream.dataset.state = state;
    this.$("how").textContent = transport ? `${STATES[state]} by ${TRANSPORTS[transport]}` : [STATES[state], reason].filter(Boolean).join(": ");
    this.$("again").hidden = state === "live" || state === "connecting";
  }

  #beats({ heardAt, roundTrip }) {
    if (heardAt) showAge(this.$("age"), heardAt);
    this.$("name").title = roundTrip === null ? "" : `${Math.round(roundTrip)} ms there and back`;
  }

  #hear(event) {
    if (!event.platform || !event.at) return;
    const source = this.#source(event.platform);
    showAge(source.querySelector("time"), event.at);
    if (event.type === "needs_reauth") this.#stands(source, "needs_reauth", event.reconnect_url);
    else if (event.status in CONNECTED) this.#stands(source, event.status);
  }

  #source(platform) {
    const known = this.#sources.get(platform);
    if (known) return known;
    const source = document.createElement("li");
    source.className = "source row";
    source.dataset.state = "live";
    const dot = document.createElement("span");
    dot.className = "dot";
    const words = document.createElement("span");
    const name = document.createElement("b");
    name.textContent = title(platform);
    const soft = document.createElement("span");
    soft.className = "soft";
    soft.append(" last update ", document.createElement("time"));
    words.append(name, soft);
    const link = document.createElement("a");
    Object.assign(link, { className: "end", textContent: "Reconnect", hidden: true, ariaLabel: `Reconnect ${title(platform)}` });
    source.append(dot, words, link);
    this.#sources.set(platform, source);
    const after = [...this.$("sources").children].find((other) => other.querySelector("b").textContent > name.textContent);
    this.$("sources").insertBefore(source, after ?? null);
    return source;
  }

  #stands(source, status, reconnect) {
    source.dataset.state = CONNECTED[status];
    const link = source.querySelector("a");
    if (webAddress(reconnect)) link.href = reconnect;
    link.hidden = status !== "needs_reauth" || !link.href;
  }
}

define("soulwire-realtime", SoulwireRealtime);
