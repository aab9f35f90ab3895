/* <soulwire-status>: whether what the page shows is live. */

import { SoulwireElement, define } from "./base.js";
import { sheet } from "./look.js";
import { STATES } from "./words.js";

export class SoulwireStatus extends SoulwireElement {
  static markup = `<span class="row" data-state="offline"><span class="dot" part="dot"></span><span class="text" part="text" role="status">Offline</span></span>`;
  static looks = [
    sheet(`
      :host { display: inline-block; }
      [data-state="live"] { color: var(--live); }
      [data-state="connecting"] { color: var(--wait); }
      [data-state="offline"] { color: var(--off); }
      [data-state="error"] { color: var(--bad); }
    `),
  ];

  listen(client) {
    return [client.onStatus((status) => this.#show(status))];
  }

  #show({ state, reason }) {
    this.dataset.state = this.$("row").dataset.state = state;
    const text = state === "error" && reason ? `${STATES.error}: ${reason}` : STATES[state];
    if (this.$("text").textContent !== text) this.$("text").textContent = text;
  }
}

define("soulwire-status", SoulwireStatus);
