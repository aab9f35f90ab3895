/* HTTP/1.1 lets a browser have six connections to a server, for all tabs together. Streams over SSE take at most some
 * of them, so that requests still get through; tabs that find no seat poll. */

const SEATS = 4;

/** A function that gives the seat back, or null when all are taken. Where there are no locks, there is no limit. */
export async function takeSeat(origin) {
  if (!globalThis.navigator?.locks) return () => {};
  for (let number = 1; number <= SEATS; number += 1) {
    const leave = await lock(`soulwire.sse.${number}.${origin}`);
    if (leave) return leave;
  }
  return null;
}

function lock(name) {
  return new Promise((taken) => {
    const held = (one) => (one ? new Promise((leave) => taken(leave)) : taken(null));
    navigator.locks.request(name, { ifAvailable: true }, held).catch(() => taken(() => {}));
  });
}
