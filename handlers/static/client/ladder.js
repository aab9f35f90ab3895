/* Which transport is tried next: the best one first, and one further down when one doesn't open. Pure. */

const PATIENCE = 3; // failures in a row of a transport that has worked in this page before

export class Ladder {
  #lowest;
  #worked = new Set();
  #failures = 0;

  constructor(count) {
    this.level = 0;
    this.#lowest = count - 1;
  }

  opened(level) {
    if (level !== this.level) this.#failures = 0;
    this.level = level;
    this.#worked.add(level);
  }

  /** It has been open for a good while. */
  steady() {
    this.#failures = 0;
  }

  /** Whether the next one down is to be tried at once. Below the lowest is the top again, after a wait. */
  failed() {
    this.#failures += 1;
    if (this.#worked.has(this.level) && this.#failures < PATIENCE) return false;
    const down = this.level < this.#lowest;
    this.#go(down ? this.level + 1 : 0);
    return down;
  }

  top() {
    this.#go(0);
  }

  bottom() {
    this.#go(this.#lowest);
  }

  #go(level) {
    this.level = level;
    this.#failures = 0;
  }
}
