/* Requests to the service: a token in a header or the session's cookie, never both. */

export function ask(base, path, parameters, { token, signal }) {
  const url = new URL(path, base);
  for (const [key, value] of Object.entries(parameters)) if (value) url.searchParams.set(key, value);
  return fetch(url, {
    signal,
    cache: "no-store",
    credentials: token ? "omit" : "include",
    headers: token ? { Authorization: `Bearer ${token}` } : {},
  });
}
