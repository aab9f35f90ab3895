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

/** When a token ends, in milliseconds since 1970; null when it doesn't say. */
export function endsAt(token) {
  try {
    const claims = JSON.parse(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
    return Number.isFinite(claims.exp) ? claims.exp * 1000 : null;
  } catch {
    return null;
  }
}
