/* <soulwire-notifications>: what the user should know, newest first. Those that aren't persistent hide by themselves. */

import { SoulwireElement, define } from "./base.js";
import { sheet } from "./look.js";
import { showAge } from "./ticking.js";
import { sentence, title, webAddress } from "./words.js";

const MOST = 50;
const HIDES_AFTER = 8000;
const MARKS = { info: "i", success: "✓", warning: "!", error: "!" };

export class SoulwireNotifications extends SoulwireElement {
  static markup = `
    <section class="panel" aria-labelledby="title">
      <div class="row"><h3 id="title">Notifications</h3><span class="count" role="status"></span><button type="button" class="all end" hidden>Mark all read</button></div>
      <ul class="list"></ul>
      <p class="soft none">Nothing to tell.</p>
    </section>
    <p class="said" role="alert"></p>`;
  static looks = [
    sheet(`
      .count:not(:empty) { padding: 0 .55em; border-radius: 99px; font-size: .82em; font-weight: 700; color: var(--panel); background: var(--bad); }
      .list:not(:empty) { margin-top: .6em; }
      .one { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: .1em .7em; padding: .55em 0; border-top: 1px solid var(--line); }
      .one .mark { display: grid; place-items: center; width: 1.4em; height: 1.4em; border-radius: 50%; font-size: .8em; font-weight: 700; color: var(--panel); background: var(--accent); }
      .one[data-level="success"] .mark { background: var(--live); }
      .one[data-level="warning"] .mark { background: var(--wait); }
      .one[data-level="error"] .mark { background: var(--bad); }
      .one[data-unread] .head { font-weight: 650; }
      .one .more { grid-column: 2; }
      .said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    `),
  ];

  #hiding = new Map();

  begin() {
    this.$("all").onclick = () => this.#read([...this.$("list").children]);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    for (const timer of this.#hiding.values()) clearTimeout(timer);
    this.#hiding.clear();
  }

  /** How many haven't been read. A `soulwire-unread` event tells when it changes. */
  get unread() {
    return this.$("list").querySelectorAll("[data-unread]").length;
  }

  listen(client) {
    return [
      client.on("notification", (event) => this.#add(event, event.level ?? "info", event.persistent === false)),
      client.on("needs_reauth", (event) => this.#add(event, "error", false)),
    ];
  }

  #add(event, level, passing) {
    const item = document.createElement("li");
    item.className = "one";
    item.dataset.level = MARKS[level] ? level : "info";
    item.dataset.unread = "";
    item.append(this.#mark(item.dataset.level), this.#head(event), this.#dismiss(item, headline(event)), this.#more(event));
    this.$("list").prepend(item);
    while (this.$("list").children.length > MOST) this.#remove(this.$("list").lastElementChild);
    if (level === "error") this.$("said").textContent = headline(event);
    if (passing) this.#passes(item);
    this.#count();
  }

  #mark(level) {
    const mark = document.createElement("span");
    Object.assign(mark, { className: "mark", role: "img", ariaLabel: level, textContent: MARKS[level] });
    return mark;
  }

  #head(event) {
    const head = document.createElement("p");
    head.className = "head line";
    head.textContent = headline(event);
    return head;
  }

  #dismiss(item, what) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "×", ariaLabel: `Dismiss: ${what}` });
    button.onclick = () => {
      const next = item.nextElementSibling ?? item.previousElementSibling;
      this.#remove(item);
      (next?.querySelector("button") ?? this.$("all")).focus();
    };
    return button;
  }

  #more(event) {
    const more = document.createElement("p");
    more.className = "more soft line";
    const body = event.body ?? event.hint ?? "";
    if (body && body !== headline(event)) more.append(`${body} `);
    const address = webAddress(event.reconnect_url ?? event.url);
    if (address) {
      const link = document.createElement("a");
      Object.assign(link, { href: address, textContent: event.type === "needs_reauth" ? "Connect again" : "Open" });
      more.append(link, " ");
    }
    const age = document.createElement("time");
    showAge(age, event.at);
    more.append(age);
    return more;
  }

  /** Not while somebody looks at it. */
  #passes(item) {
    const hide = () => (item.matches(":hover, :focus-within") ? this.#passes(item) : this.#remove(item));
    this.#hiding.set(item, setTimeout(hide, HIDES_AFTER));
  }

  #read(items) {
    for (const item of items) delete item.dataset.unread;
    this.#count();
  }

  #remove(item) {
    clearTimeout(this.#hiding.get(item));
    this.#hiding.delete(item);
    item.remove();
    this.#count();
  }

  #count() {
    this.$("count").textContent = this.unread || "";
    this.$("count").ariaLabel = this.unread ? `${this.unread} unread` : "";
    this.$("all").hidden = this.unread === 0;
    this.$("none").hidden = this.$("list").children.length > 0;
    this.dispatchEvent(new CustomEvent("soulwire-unread", { detail: this.unread, bubbles: true, composed: true }));
  }
}

function headline(event) {
  return event.title || (event.type === "needs_reauth" ? `${title(event.platform)} needs to be connected again` : sentence(event));
}

define("soulwire-notifications", SoulwireNotifications);
