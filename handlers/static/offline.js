/* Stands where a page couldn't be had: loads that page once the service can be reached, or when asked to. */

const TRY_AGAIN = 10_000; // a service that was away comes back without the browser's telling

let leaving = false;

document.getElementById("again").addEventListener("click", () => location.reload());
addEventListener("beforeunload", () => (leaving = true));
if (location.pathname !== "/offline") {
  addEventListener("online", look);
  setInterval(look, TRY_AGAIN);
}

/** Who is on the way to another page by then is let go there: loading this one anew would call them back. */
async function look() {
  const answer = await fetch("/ready", { cache: "no-store" }).catch(() => null);
  if (answer?.ok && !leaving) location.reload();
}
