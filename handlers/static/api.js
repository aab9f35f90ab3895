/* Requests to the service and, where there is one, to the sandbox. */

export const sandbox = document.querySelector('meta[name="soulwire-sandbox"]').content;

export class Refused extends Error {
  constructor(status, error) {
    super([error?.message ?? `The service answered ${status}.`, error?.hint].filter(Boolean).join(" "));
    this.status = status;
    this.code = error?.code;
  }
}

export const get = (path) => ask("GET", path);
export const post = (path, body) => ask("POST", path, body);
export const remove = (path) => ask("DELETE", path);

/** A token for one of the sandbox's people. */
export async function sandboxToken(user) {
  return (await post(`${sandbox}/_control/token`, { user })).token;
}

async function ask(method, path, body) {
  const told = body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
  let answer;
  try {
    answer = await fetch(path, { method, ...told });
  } catch {
    throw new Refused(0, { message: "It can't be reached." });
  }
  const said = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Refused(answer.status, said?.error);
  return said;
}
