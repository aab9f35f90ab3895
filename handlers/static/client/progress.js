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

  #move({ platform, dataType, progress, done, total, message, at }) {
    const kind = dataType ?? this.#latestOf(platform);
    const id = kind ? `${platform}/${kind}` : platform;
    const moved = Object.freeze({ id, platform, dataType: kind, progress, done, total, message, at });
    this.snapshot = Object.freeze([moved, ...this.snapshot.filter((one) => one.id !== id)]);
    for (const fn of [...this.#listeners]) fn();
  }

  /** A page on which there was nothing doesn't say what it would have been. */
  #latestOf(platform) {
    return this.snapshot.find((one) => one.platform === platform)?.dataType ?? null;
  }
}
