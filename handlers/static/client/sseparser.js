/* The wire format of server-sent events, as far as ours goes: `event`, `data`, comments. Pure. */

export class SseParser {
  #rest = "";
  #type = "";
  #data = [];
  #found;

  constructor(found) {
    this.#found = found;
  }

  /** Text as it comes, cut anywhere. */
  feed(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line.endsWith("\r") ? line.slice(0, -1) : line);
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.#type = value;
    if (field === "data") this.#data.push(value);
  }

  #dispatch() {
    const [type, data] = [this.#type, this.#data];
    this.#type = "";
    this.#data = [];
    if (data.length) this.#found(type, data.join("\n"));
  }
}
