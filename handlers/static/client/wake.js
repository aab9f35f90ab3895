/* When a page comes and goes, and its network with it. */

/** Calls `on.back(what)` when things may be better now, `on.cutOff()`, `on.away()` when the page is left. */
export function watchPage(on) {
  const watched = [
    [globalThis, "online", () => on.back("online")],
    [globalThis, "offline", () => on.cutOff()],
    [globalThis, "pageshow", (event) => event.persisted && on.back("pageshow")],
    [globalThis, "pagehide", () => on.away()],
    [globalThis.document, "visibilitychange", () => document.visibilityState === "visible" && on.back("visible")],
    [globalThis.document, "resume", () => on.back("resume")],
  ].filter(([target]) => target?.addEventListener);
  for (const [target, name, fn] of watched) target.addEventListener(name, fn);
  return () => {
    for (const [target, name, fn] of watched) target.removeEventListener(name, fn);
  };
}
