/* Polling, with a server that answers at once and time that stands still. */

import assert from "node:assert/strict";
import test from "node:test";
import { Connection } from "../../../handlers/static/client/connection.js";
import * as polling from "../../../handlers/static/client/polling.js";
import { Sequence } from "../../../handlers/static/client/sequence.js";
import { Tokens } from "../../../handlers/static/client/tokens.js";
import { Clock } from "./clock.js";

let clock;
let fetched; // the token of each request
let answers; // of the next requests; else there is nothing new
const real = { fetch: globalThis.fetch, now: Date.now };

test.beforeEach(() => {
  clock = new Clock();
  fetched = [];
  answers = [];
  globalThis.fetch = async (_url, { headers }) => {
    fetched.push(headers.Authorization.slice("Bearer ".length));
    const page = { items: [], cursor: "e-7", recovered: null };
    return answers.shift() ?? { ok: true, json: async () => page };
  };
});
test.afterEach(() => {
  clock.restore();
  globalThis.fetch = real.fetch;
  Date.now = real.now;
});

function token(secondsLeft, name = "") {
  const claims = { sub: "ada", exp: Date.now() / 1000 + secondsLeft, name };
  return `h.${btoa(JSON.stringify(claims)).replaceAll("=", "")}.s`;
}

/** What the app was asked for tokens for, while a client that can only poll runs. */
function run(getToken) {
  const asked = [];
  const tokens = new Tokens(({ why }) => asked.push(why) && getToken(why));
  const how = { transports: [polling], base: "http://here/", user: null, tokens, sequence: new Sequence("e-7") };
  const nothing = () => {};
  const owner = { changed: nothing, event: nothing, message: nothing, reload: nothing, pulse: nothing };
  new Connection(how, owner).start();
  return asked;
}

async function pass(seconds) {
  for (let step = 0; step <= seconds * 10; step += 1) {
    if (step) clock.tick(100);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  }
}

test("a token near its end is replaced before, and the next request bears the fresh one", async () => {
  const fresh = token(3_600, "fresh");
  const asked = run((why) => (why === "connect" ? token(40) : fresh));
  await pass(60);
  assert.deepEqual(asked, ["connect", "expiring"]);
  assert.equal(fetched.at(-1), fresh);
});

test("to a clock that runs ahead all tokens are over: none is asked for until the server says so", async () => {
  const asked = run(() => token(-600));
  await pass(120);
  assert.deepEqual(asked, ["connect"]);
  assert.ok(fetched.length > 10);
  const over = { ok: false, status: 401, headers: new Headers(), json: async () => ({ error: { code: "token_expired" } }) };
  answers.push(over);
  await pass(10);
  assert.deepEqual(asked, ["connect", "expired"]);
});

test("nor do tokens that are always about to end set off more than two questions a second", async () => {
  const asked = run(() => token(0.4));
  await pass(30);
  assert.ok(asked.length <= 2 * 30 + 1, `${asked.length} tokens`);
});
