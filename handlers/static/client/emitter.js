/* Listeners by name. One that throws is reported, and disturbs no other. */

export class Emitter {
  #listeners = new Map();

  /** Returns what takes the listener away again. The same function twice is two listeners. */
  on(name, fn) {
    const entry = { fn };
    const entries = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, entries.add(entry));
    return () => entries.delete(entry);
  }

  tell(name, value) {
    for (const { fn } of [...(this.#listeners.get(name) ?? [])]) {
      try {
        fn(value);
      } catch (error) {
        reportError(error);
      }
    }
  }

  clear() {
    for (const entries of this.#listeners.values()) entries.clear();
  }
}
