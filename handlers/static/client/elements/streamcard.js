/* <soulwire-stream-card platform="…">: one platform at a glance: how it stands, what came last, what is being read. */

import { SoulwireElement, define } from "./base.js";
import "./progress.js";
import { sheet } from "./look.js";
import { forget, showAge } from "./ticking.js";
import { sentence, title, webAddress } from "./words.js";

const TELLS = new Set(["connected", "connection_status", "needs_reauth"]);
const WORDS = { connected: "connected", needs_reauth: "needs you", disconnected: "not connected" };
const WORK = new Set(["token_refresh", "extraction_progress", "platform_sync"]); // no news

export class SoulwireStreamCard extends SoulwireElement {
  static observedAttributes = ["platform"];
  static markup = `
    <article class="panel" part="card">
      <div class="row head" data-state="offline"><span class="dot"></span><h3 class="title"></h3><span class="soft state end"></span></div>
      <p class="line said">Nothing new since this page opened.</p>
      <p class="soft"><time class="age" hidden></time></p>
      <soulwire-progress compact></soulwire-progress>
      <a class="again" hidden>Connect again</a>
    </article>`;
  static looks = [sheet(`.said { margin-block: .4em .1em; }`)];

  begin() {
    this.attributeChangedCallback();
  }

  attributeChangedCallback() {
    if (!this.shadowRoot) return;
    const platform = this.getAttribute("platform");
    this.$("title").textContent = title(platform);
    this.shadowRoot.querySelector("soulwire-progress").setAttribute("platform", platform);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    forget(this.$("age"));
  }

  /** A row of `GET /api/connections`: how it stood when the page came. */
  set connection(row) {
    this.#stands(row.status, row.reconnect_url);
    if (row.last_sync) this.#touched(row.last_sync);
  }

  listen(client) {
    this.shadowRoot.querySelector("soulwire-progress").client = this.hasOwnClient ? client : null;
    return [client.on("*", (event) => this.#hear(event))];
  }

  #hear(event) {
    if (event.platform !== this.getAttribute("platform") || !event.at) return;
    if (TELLS.has(event.type)) this.#stands(event.type === "needs_reauth" ? "needs_reauth" : event.status, event.reconnect_url);
    this.#touched(event.at);
    if (!WORK.has(event.type)) this.#say(event);
  }

  #stands(status, reconnect) {
    const states = { connected: "live", needs_reauth: "error" };
    this.$("head").dataset.state = states[status] ?? "offline";
    this.$("state").textContent = WORDS[status] ?? "";
    const link = this.$("again");
    if (webAddress(reconnect)) link.href = reconnect;
    link.hidden = status !== "needs_reauth" || !link.href;
  }

  #touched(at) {
    this.$("age").hidden = false;
    showAge(this.$("age"), at);
  }

  #say(event) {
    const said = this.$("said");
    const address = webAddress(event.url);
    said.replaceChildren(sentence(event));
    if (!address) return;
    const link = document.createElement("a");
    Object.assign(link, { href: address, rel: "noreferrer", target: "_blank", textContent: sentence(event) });
    said.replaceChildren(link);
  }
}

define("soulwire-stream-card", SoulwireStreamCard);
