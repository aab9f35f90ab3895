/* How far long reads are: one stream for each platform and kind of data, named `github/events`. */

export class Progress {
  #listeners = new Set();
  /** Newest first; a new array whenever one of them moves. */
  snapshot = Object.freeze([]);

  constructor(client) {
    client.on("extraction_progress", (event) => this.#move(event));
  }

  onChange(fn) {
    this.#listeners.add(fn);
    return () => this.#listeners.delete(fn);
  }

  #move({ platform, dataType, progress, done, total, at }) {
    const id = dataType ? `${platform}/${dataType}` : platform;
    const moved = Object.freeze({ id, platform, dataType: dataType ?? null, progress, done, total, at });
    this.snapshot = Object.freeze([moved, ...this.snapshot.filter((one) => one.id !== id)]);
    for (const fn of [...this.#listeners]) fn();
  }
}
