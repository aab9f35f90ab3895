/* Says that this page is in sight, so that nothing is pushed to the user's devices that is seen here anyway. */

const AGAIN = 30_000; // what is said holds for a minute

/** Returns what ends it. */
export function sayPresence(client) {
  if (!globalThis.document) return () => {};
  let timer = 0;
  const say = () => {
    clearTimeout(timer);
    if (client.status.state !== "live") return;
    const inSight = document.visibilityState === "visible";
    client.send({ type: "presence", page: inSight ? location.pathname : null });
    if (inSight) timer = setTimeout(say, AGAIN);
  };
  const off = client.onStatus(say);
  document.addEventListener("visibilitychange", say);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", say);
    off();
  };
}
