/* What all elements share: whose events they show, how they listen, and how they look. */

import { look } from "./look.js";

const attached = new Set();
let shared = null;

/** The client whose events the page's elements show, unless one has been given a `client` of its own. */
export function provide(client) {
  shared = client;
  for (const element of attached) if (!element.hasOwnClient) element.relisten();
}

/** Elements say in `markup()` what they are made of, and in `listen(client)` what they hear; that returns what ends it. */
export class SoulwireElement extends HTMLElement {
  #client = null;
  #offs = [];

  get client() {
    return this.#client ?? shared;
  }

  set client(client) {
    this.#client = client;
    if (this.isConnected) this.relisten();
  }

  get hasOwnClient() {
    return this.#client !== null;
  }

  /** A part of it, by its class. */
  $(name) {
    return this.shadowRoot.querySelector(`.${name}`);
  }

  connectedCallback() {
    if (!this.shadowRoot) {
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [look, ...this.constructor.looks];
      root.append(this.constructor.made().content.cloneNode(true));
      this.begin();
    }
    attached.add(this);
    this.relisten();
  }

  disconnectedCallback() {
    attached.delete(this);
    this.#deafen();
  }

  relisten() {
    this.#deafen();
    if (this.client) this.#offs = this.listen(this.client);
  }

  #deafen() {
    for (const off of this.#offs) off();
    this.#offs = [];
  }

  /** Once, when its parts are there. */
  begin() {}

  listen() {
    return [];
  }

  static looks = [];

  /** Parsed once for all elements of a kind. */
  static made() {
    if (!Object.hasOwn(this, "template")) {
      this.template = document.createElement("template");
      this.template.innerHTML = this.markup;
    }
    return this.template;
  }
}

/** So that a page may import the elements twice. */
export function define(name, kind) {
  if (!customElements.get(name)) customElements.define(name, kind);
}
