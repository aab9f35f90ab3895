/* Requests to the service and, where there is one, to the sandbox. */

export const sandbox = document.querySelector('meta[name="soulwire-sandbox"]').content;

export const UNREACHED = 0; // in the place of a status

export class Refused extends Error {
  constructor(status, error) {
    super([error?.message ?? `The service answered ${status}.`, error?.hint].filter(Boolean).join(" "));
    this.status = status;
    this.code = error?.code;
  }
}

export const get = (path) => ask("GET", path);
export const post = (path, body, token) => ask("POST", path, body, token);
export const remove = (path) => ask("DELETE", path);

/** A token for one of the sandbox's people, or for the app's back end. */
export async function sandboxToken(user, role = "user") {
  return (await post(`${sandbox}/_control/token`, { user, role })).token;
}

/** By the session's cookie, unless a token is given. */
async function ask(method, path, body, token) {
  const headers = { ...(token && { Authorization: `Bearer ${token}` }), ...(body && { "Content-Type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Refused(UNREACHED, { message: "It can't be reached." });
  }
  const said = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, said?.error);
  return said;
}
