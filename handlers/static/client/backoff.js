/* How long to wait before trying again. Pure: the chance is passed in. */

export const FIRST_WAIT = 500;
export const LONGEST_WAIT = 5_000; // a service that is back is found within this
export const LATER = 24; // failures, a minute or so: then it is no restart any more
export const LONGEST_LATER = 15_000;

/** Full jitter: anywhere up to a limit that doubles, so that those who were cut together don't return together. */
export function backoff(failures, random = Math.random()) {
  const longest = failures < LATER ? LONGEST_WAIT : LONGEST_LATER;
  return random * Math.min(longest, FIRST_WAIT * 2 ** failures);
}
