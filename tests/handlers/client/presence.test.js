import assert from "node:assert/strict";
import test from "node:test";
import { Emitter } from "../../../handlers/static/client/emitter.js";
import { sayPresence } from "../../../handlers/static/client/presence.js";
import { Clock } from "./clock.js";

const IN_SIGHT = { type: "presence", page: "/inbox" };
const HIDDEN = { type: "presence", page: null };

let clock;
let said;
let client;
let page;

test.beforeEach(() => {
  clock = new Clock();
  said = [];
  page = new EventTarget();
  page.visibilityState = "visible";
  globalThis.document = page;
  globalThis.location = { pathname: "/inbox" };
  const told = new Emitter();
  client = {
    status: { state: "connecting" },
    send: (message) => said.push(message),
    onStatus: (fn) => told.on("status", fn),
    become(state) {
      client.status = { state };
      told.tell("status", client.status);
    },
  };
});
test.afterEach(() => {
  clock.restore();
  delete globalThis.document;
  delete globalThis.location;
});

function look(visibilityState) {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event("visibilitychange"));
}

test("a page in sight says so when it is live, and twice a minute", () => {
  sayPresence(client);
  assert.deepEqual(said, []);
  client.become("live");
  assert.deepEqual(said, [IN_SIGHT]);
  clock.tick(60_000);
  assert.deepEqual(said, [IN_SIGHT, IN_SIGHT, IN_SIGHT]);
});

test("a hidden one says that once, and that it is seen again at once", () => {
  sayPresence(client);
  client.become("live");
  look("hidden");
  clock.tick(120_000);
  assert.deepEqual(said, [IN_SIGHT, HIDDEN]);
  look("visible");
  assert.deepEqual(said.at(-1), IN_SIGHT);
});

test("while it isn't live nothing is said, and afterwards nothing more", () => {
  const leave = sayPresence(client);
  client.become("live");
  client.become("offline");
  clock.tick(60_000);
  assert.deepEqual(said, [IN_SIGHT]);
  client.become("live");
  assert.deepEqual(said.length, 2);
  leave();
  look("hidden");
  clock.tick(60_000);
  assert.equal(said.length, 2);
});
