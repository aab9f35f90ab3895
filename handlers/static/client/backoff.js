/* How long to wait before trying again. Pure: the chance is passed in. */

export const FIRST_WAIT = 500;
export const LONGEST_WAIT = 15_000;

/** Full jitter: anywhere up to a limit that doubles, so that those who were cut together don't return together. */
export function backoff(failures, random = Math.random()) {
  return random * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** failures);
}
