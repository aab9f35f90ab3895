/* Where in the user's sequence this page stands: what is new, what is a repeat, what is missing. */

export class Sequence {
  #offset = null; // of the last event that was handed on; unknown right after a start from a cursor
  #cursor;
  #storage;

  /** `storage` keeps the cursor beyond the page, under the user's name. */
  constructor(cursor, storage, user) {
    this.#storage = storage && { key: `soulwire.cursor.${user}`, in: storage };
    this.#cursor = cursor ?? this.#read();
  }

  get cursor() {
    return this.#cursor;
  }

  /** A stream begins. Whether it begins somewhere else than where this page stood: then everything is read anew. */
  begin({ cursor, recovered }) {
    if (recovered === true) return false;
    if (recovered === false) this.#offset = null;
    this.#keep(cursor);
    return recovered === false;
  }

  /** `next`, `repeat` or `gap`. */
  placeOf({ offset }) {
    if (this.#offset === null || offset === this.#offset + 1) return "next";
    return offset <= this.#offset ? "repeat" : "gap";
  }

  /** The event was handed on. */
  passed({ offset, cursor }) {
    this.#offset = offset;
    this.#keep(cursor);
  }

  #keep(cursor) {
    this.#cursor = cursor;
    try {
      this.#storage?.in.setItem(this.#storage.key, cursor);
    } catch {
      this.#storage = null; // it is full or forbidden: the page still has its own
    }
  }

  #read() {
    try {
      return this.#storage?.in.getItem(this.#storage.key) ?? null;
    } catch {
      return null;
    }
  }
}
