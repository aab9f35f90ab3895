/* Timers that go off when a test says so. */

const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };

export class Clock {
  #now = 0;
  #last = 0;
  #timers = new Map();

  constructor() {
    globalThis.setTimeout = (fn, after = 0) => {
      this.#last += 1;
      this.#timers.set(this.#last, { fn, at: this.#now + after });
      return this.#last;
    };
    globalThis.clearTimeout = (id) => this.#timers.delete(id);
  }

  /** All that is due by then, in order. */
  tick(milliseconds) {
    const until = this.#now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, { at }]) => at <= until).sort(([, a], [, b]) => a.at - b.at);
      if (!due.length) break;
      const [id, { fn, at }] = due[0];
      this.#timers.delete(id);
      this.#now = at;
      fn();
    }
    this.#now = until;
  }

  restore() {
    Object.assign(globalThis, real);
  }
}
