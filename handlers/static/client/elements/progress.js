/* <soulwire-progress platform="…" type="…" compact>: how far a long read has come. Hidden while there is none. */

import { SoulwireElement, define } from "./base.js";
import { sheet } from "./look.js";
import { sentence, title } from "./words.js";

const LINGERS = 4000; // how long the full bar is seen
const OVER = new Set(["platform_sync", "needs_reauth"]);

export class SoulwireProgress extends SoulwireElement {
  static observedAttributes = ["platform", "type"];
  static markup = `
    <div class="wrap" hidden>
      <div class="row words"><span class="label line"></span><span class="percent soft end"></span></div>
      <div class="bar" part="bar" role="progressbar" aria-valuemin="0" aria-valuemax="100"><div class="done" part="done"></div></div>
      <p class="state soft" role="status"></p>
    </div>`;
  static looks = [
    sheet(`
      .bar { height: .5em; margin-block: .35em; overflow: hidden; border-radius: 99px; background: var(--line); }
      .done { height: 100%; border-radius: inherit; background: var(--accent); transform-origin: left; transform: scaleX(0); transition: transform .4s ease-out; }
      :host([compact]) .state { display: none; }
      :host([compact]) .bar { height: .3em; margin-block: .2em 0; }
      :host([compact]) .label, :host([compact]) .percent { font-size: .85em; }
      .wrap[data-state="stopped"] .done { background: var(--bad); }
    `),
  ];

  #progress = 0;
  #hiding = 0;

  attributeChangedCallback() {
    if (this.shadowRoot) this.#hide();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#hiding);
  }

  listen(client) {
    return [client.on("*", (event) => this.#hear(event))];
  }

  #hear(event) {
    if (this.hasAttribute("platform") && event.platform !== this.getAttribute("platform")) return;
    if (event.type === "extraction_progress") this.#advance(event);
    else if (OVER.has(event.type) && !event.more && !this.$("wrap").hidden) this.#end(event.type === "platform_sync");
  }

  #advance(event) {
    const wanted = this.getAttribute("type");
    if (wanted && event.dataType !== wanted) return;
    clearTimeout(this.#hiding);
    this.$("label").textContent = title(event.platform);
    this.#show(event.progress, typeof event.message === "string" ? sentence(event) : `${event.done} of ${event.total}`, "running");
    if (event.progress >= 100) this.#end(true);
  }

  /** A bar never steps back within one read. */
  #show(progress, words, state) {
    const wrap = this.$("wrap");
    this.#progress = wrap.hidden ? progress : Math.max(this.#progress, progress);
    wrap.hidden = false;
    wrap.dataset.state = state;
    const bar = this.$("bar");
    bar.setAttribute("aria-valuenow", this.#progress);
    bar.setAttribute("aria-label", `${this.$("label").textContent}: ${words}`);
    this.$("done").style.transform = `scaleX(${this.#progress / 100})`;
    this.$("percent").textContent = `${Math.round(this.#progress)} %`;
    this.$("state").textContent = words;
  }

  #end(well) {
    this.#show(well ? 100 : this.#progress, well ? "Done" : "Stopped: the connection needs you", well ? "done" : "stopped");
    clearTimeout(this.#hiding);
    this.#hiding = setTimeout(() => this.#hide(), LINGERS);
  }

  #hide() {
    clearTimeout(this.#hiding);
    this.#progress = 0;
    this.$("wrap").hidden = true;
    this.$("done").style.transform = "scaleX(0)";
  }
}

define("soulwire-progress", SoulwireProgress);
