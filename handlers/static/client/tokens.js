/* Tokens of the app, asked for whenever a stream opens. None is kept. */

const WITHIN = 10_000;

export class Tokens {
  #ask;

  constructor(ask) {
    this.#ask = ask;
  }

  /** Whether a fresh one can be had at all; else the session's cookie has to do. */
  get any() {
    return this.#ask !== undefined;
  }

  /** `why` is `connect`, `expiring`, `expired` or `refused`. Null: the session's cookie will do. */
  async get(why) {
    if (!this.#ask) return null;
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error("getToken took too long")), WITHIN);
    });
    try {
      return (await Promise.race([this.#ask({ why }), late])) ?? null;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a token says of itself, unchecked: whose it is (`sub`), when it ends (`exp`). */
export function claimsOf(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), codeOf);
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return {};
  }
}

const codeOf = (letter) => letter.charCodeAt(0);
