/* Requests to the service: a token in a header or the session's cookie, never both. */

const PAGE = `page-${Math.random().toString(36).slice(2)}`; // this page's name among those of its user

export function ask(base, path, parameters, { token, signal }) {
  const url = new URL(path, base);
  for (const [key, value] of Object.entries(parameters)) if (value) url.searchParams.set(key, value);
  return fetch(url, { signal, cache: "no-store", ...bearing(token) });
}

/** Of what a page says on a socket, its presence can be said without one too. Whether this is it. */
export function say(base, { type, page }, token) {
  if (type !== "presence") return false;
  const { credentials, headers } = bearing(token);
  const body = JSON.stringify({ client: PAGE, page });
  const how = { method: "POST", body, credentials, headers: { ...headers, "Content-Type": "application/json" } };
  fetch(new URL("api/presence", base), { ...how, keepalive: true }).catch(() => {});
  return true;
}

function bearing(token) {
  return token
    ? { credentials: "omit", headers: { Authorization: `Bearer ${token}` } }
    : { credentials: "include", headers: {} };
}
