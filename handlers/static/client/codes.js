/* Why a stream ended, and what to do then. */

export const CODES = {
  LOST: 0,
  GOING_AWAY: 4000,
  TOKEN_EXPIRED: 4001,
  TOO_SLOW: 4008,
  NO_PONG: 4010,
  TOO_MANY_REQUESTS: 4013,
  NOT_NOW: 4020,
  NO_AUTH: 4500,
  INVALID_TOKEN: 4501,
  BAD_MESSAGE: 4502,
  NOT_ALLOWED: 4503,
  TOO_MANY_STREAMS: 4504,
  REVOKED: 4505,
};

const OF_THE_TOKEN = new Set([CODES.TOKEN_EXPIRED, CODES.NO_AUTH, CODES.INVALID_TOKEN]);

/** `again`: come back; `token`: come back with a fresh token; `poll`: there is no room for a stream; `never`. */
export function verdict(code) {
  if (OF_THE_TOKEN.has(code)) return "token";
  if (code === CODES.TOO_MANY_STREAMS) return "poll";
  return code >= 4500 ? "never" : "again";
}

/** What an HTTP answer that isn't a success means, in the same words as a close. */
export async function endOf(answer) {
  const error = (await answer.json().catch(() => null))?.error;
  const seconds = Number(answer.headers.get("Retry-After") ?? NaN);
  const retryAfter = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  return { code: codeOf(answer.status, error?.code), retryAfter, reason: error?.message ?? `HTTP ${answer.status}` };
}

function codeOf(status, word) {
  if (status === 401) return word === "token_expired" ? CODES.TOKEN_EXPIRED : CODES.INVALID_TOKEN;
  if (status === 403) return CODES.NOT_ALLOWED;
  if (status === 429) return word === "too_many_streams" ? CODES.TOO_MANY_STREAMS : CODES.TOO_MANY_REQUESTS;
  return CODES.LOST;
}
