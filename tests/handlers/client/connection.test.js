/* The machine alone, with transports that do as they are told and time that stands still. */

import assert from "node:assert/strict";
import test from "node:test";
import { Connection } from "../../../handlers/static/client/connection.js";
import { Sequence } from "../../../handlers/static/client/sequence.js";
import { Tokens } from "../../../handlers/static/client/tokens.js";
import { Clock } from "./clock.js";

const NAMES = ["websocket", "sse", "polling"];

class Scene {
  wires = []; // every one that was opened, newest last
  told = []; // what the page was told
  asked = [];
  alive = true;

  constructor({ getToken, cursor = null } = {}) {
    const given = getToken && (({ why }) => this.asked.push(why) && getToken(why));
    const transports = NAMES.map((name) => ({ name, open: (how) => this.#open(name, how) }));
    this.sequence = new Sequence(cursor);
    const how = { transports, base: "http://here/", user: null, tokens: new Tokens(given), sequence: this.sequence };
    this.connection = new Connection(how, {
      changed: (happening, more) => this.told.push([happening, more?.transport ?? more?.code ?? null]),
      event: ({ offset }) => this.told.push(["event", offset]),
      message: ({ type }) => this.told.push(["message", type]),
      reload: (reason) => this.told.push(["reload", reason]),
      pulse: () => {},
    });
  }

  #open(name, how) {
    const scene = this;
    const wire = {
      ...how,
      name,
      closed: false,
      close: () => (wire.closed = true),
      check: () => scene.alive,
      send: () => true,
      renewed: [],
      ...(name !== "sse" && { renew: (token) => wire.renewed.push(token) > 0 }),
      greet: (more = {}) => how.heard.message({ type: "authenticated", user_id: "ada", cursor: "e-0", ...more }),
      event: (offset) => how.heard.message({ type: "note", offset, cursor: `e-${offset}` }),
      end: (code, retryAfter) => how.heard.ended({ code, retryAfter, reason: "" }),
    };
    this.wires.push(wire);
    return wire;
  }

  get wire() {
    return this.wires.at(-1);
  }

  async start() {
    this.connection.start();
    await settle();
    this.told.length = 0;
    return this;
  }

  async tick(milliseconds) {
    clock.tick(milliseconds);
    await settle();
  }

  take() {
    return this.told.splice(0);
  }
}

async function settle() {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

let clock;
test.beforeEach(() => (clock = new Clock()));
test.afterEach(() => clock.restore());

test("what is missing is fetched from the last place that is known", async () => {
  const scene = await new Scene().start();
  scene.wire.greet();
  scene.wire.event(1);
  scene.wire.event(4);
  await settle();
  assert.ok(scene.wires[0].closed);
  assert.equal(scene.wire.cursor, "e-1");
  scene.wire.greet({ recovered: true });
  for (const offset of [2, 3, 4, 4, 5]) scene.wire.event(offset);
  const events = scene.take().filter(([what]) => what === "event");
  assert.deepEqual(events.map(([, offset]) => offset), [1, 2, 3, 4, 5]);
});

test("what is missing a second time is said, and left", async () => {
  const scene = await new Scene().start();
  scene.wire.greet();
  scene.wire.event(1);
  scene.wire.event(4);
  await settle();
  scene.wire.greet({ recovered: true });
  scene.take();
  scene.wire.event(4);
  scene.wire.event(5);
  assert.deepEqual(scene.take(), [["reload", "gap"], ["event", 4], ["event", 5]]);
});

test("it comes back when the server says, not sooner and not later", async () => {
  const scene = await new Scene().start();
  scene.wire.greet();
  scene.wire.end(4000, 30_000);
  await scene.tick(29_999);
  assert.equal(scene.wires.length, 1);
  await scene.tick(1);
  assert.equal(scene.wires.length, 2);
  assert.equal(scene.wire.name, "websocket");
});

test("a transport that doesn't open is followed by the next at once, and after the last one there is a wait", async () => {
  const scene = await new Scene().start();
  for (let tries = 0; tries < 3; tries += 1) {
    scene.wire.end(0);
    await settle();
  }
  assert.deepEqual(scene.wires.map((wire) => wire.name), NAMES);
  await scene.tick(15_000);
  assert.equal(scene.wire.name, "websocket");
  await scene.tick(5_000); // it never answers
  assert.ok(scene.wires[3].closed);
  assert.equal(scene.wire.name, "sse");
});

test("a lower transport is left for a better one only when that is open, and both together bring each event once", async () => {
  const scene = await new Scene().start();
  scene.wire.end(0);
  await settle();
  const sse = scene.wire;
  sse.greet();
  sse.event(1);
  await scene.tick(10_000);
  const socket = scene.wire;
  assert.deepEqual([socket.name, socket.cursor, sse.closed], ["websocket", "e-1", false]);
  sse.event(2);
  socket.greet({ recovered: true });
  assert.ok(sse.closed);
  sse.event(3);
  for (const offset of [2, 3]) socket.event(offset);
  const events = scene.take().filter(([what]) => what === "event");
  assert.deepEqual(events.map(([, offset]) => offset), [1, 2, 3]);
});

test("tries of a better transport that fail become rarer, and disturb nothing", async () => {
  const scene = await new Scene().start();
  scene.wire.end(0);
  await settle();
  const sse = scene.wire;
  sse.greet();
  scene.take();
  for (let minute = 0; minute < 60; minute += 1) {
    await scene.tick(60_000);
    if (scene.wire !== sse && !scene.wire.closed) scene.wire.end(0);
  }
  assert.equal(sse.closed, false);
  assert.deepEqual(scene.take(), []);
  assert.ok(scene.wires.length > 10 && scene.wires.length < 40, String(scene.wires.length));
});

test("when the lower one ends while the better one is opening, that one is waited for", async () => {
  const scene = await new Scene().start();
  scene.wire.end(0);
  await settle();
  const sse = scene.wire;
  sse.greet();
  await scene.tick(10_000);
  const socket = scene.wire;
  sse.end(0);
  await settle();
  assert.equal(scene.wire, socket);
  socket.greet({ recovered: true });
  socket.event(1);
  assert.deepEqual(scene.take().at(-1), ["event", 1]);
});

test("a transport that keeps breaking soon after it opened is given up for the next", async () => {
  const scene = await new Scene().start();
  for (let times = 0; times < 3; times += 1) {
    assert.equal(scene.wire.name, "websocket");
    scene.wire.greet();
    scene.wire.end(0);
    await scene.tick(15_000);
  }
  assert.equal(scene.wire.name, "sse");
});

test("a stream goes on under a fresh token, in band where it can and by a second one where it can't", async () => {
  const scene = await new Scene({ getToken: (why) => `t-${why}` }).start();
  scene.wire.greet();
  scene.wire.heard.message({ type: "token_expiring", seconds: 0 });
  await scene.tick(0);
  assert.deepEqual(scene.wire.renewed, ["t-expiring"]);
  scene.wire.end(0);
  await scene.tick(15_000);
  scene.wire.end(0);
  await scene.tick(15_000);
  scene.wire.end(0);
  await settle();
  const sse = scene.wire;
  sse.greet();
  sse.heard.message({ type: "token_expiring", seconds: 0 });
  await scene.tick(0);
  assert.deepEqual([scene.wire.name, scene.wire.token, sse.closed], ["sse", "t-expiring", false]);
  scene.wire.greet({ recovered: true });
  assert.ok(sse.closed);
});

test("tokens that are always about to end are renewed at half their time", async () => {
  const scene = await new Scene({ getToken: () => "t" }).start();
  scene.wire.greet();
  scene.wire.heard.message({ type: "token_expiring", seconds: 10 });
  await scene.tick(4_000);
  assert.deepEqual(scene.wire.renewed, []);
  await scene.tick(1_000);
  assert.deepEqual(scene.wire.renewed, ["t"]);
});

test("a refused token gets one more chance with a fresh one, and then it is over", async () => {
  const scene = await new Scene({ getToken: (why) => why }).start();
  scene.wire.end(4501);
  await scene.tick(0);
  assert.equal(scene.wire.token, "refused");
  scene.wire.end(4501);
  await scene.tick(60_000);
  assert.equal(scene.wires.length, 2);
  assert.deepEqual(scene.take(), [["refused", 4501]]);
});

test("an expired one on an open stream is replaced, however often", async () => {
  const scene = await new Scene({ getToken: (why) => why }).start();
  for (let times = 0; times < 5; times += 1) {
    scene.wire.greet();
    scene.wire.end(4001, 100);
    await scene.tick(100);
    assert.equal(scene.wire.token, "expired");
  }
});

test("codes from 4500 on end it for good, but without room for a stream it polls", async () => {
  for (const code of [4502, 4503, 4505, 4600]) {
    const scene = await new Scene({ getToken: () => "t" }).start();
    scene.wire.greet();
    scene.wire.end(code);
    await scene.tick(600_000);
    assert.equal(scene.wires.length, 1);
    assert.deepEqual(scene.take().at(-1), ["refused", code]);
  }
  const full = await new Scene().start();
  full.wire.end(4504);
  await full.tick(0);
  assert.equal(full.wire.name, "polling");
});

test("when the browser is cut off that is said at once, and with the network it is back at once", async () => {
  const scene = await new Scene().start();
  scene.wire.greet();
  scene.take();
  scene.connection.cutOff();
  assert.deepEqual(scene.take(), [["cut_off", null]]);
  assert.ok(scene.wire.closed);
  scene.connection.back();
  await settle();
  assert.deepEqual([scene.wires.length, scene.take()], [2, [["again", null]]]);
});

test("a stream that was silent for long is replaced when the page comes back, and kept till then", async () => {
  const scene = await new Scene().start();
  scene.wire.greet();
  scene.alive = false;
  scene.connection.back();
  await settle();
  const [old, fresh] = scene.wires;
  assert.deepEqual([scene.wires.length, old.closed], [2, false]);
  fresh.greet({ recovered: true });
  assert.ok(old.closed);
  scene.alive = true;
  scene.connection.back();
  await settle();
  assert.equal(scene.wires.length, 2);
});

test("stopped is stopped, also with a token on its way", async () => {
  let give;
  const scene = await new Scene({ getToken: () => new Promise((resolve) => (give = resolve)) }).start();
  scene.connection.stop();
  give("t");
  await scene.tick(600_000);
  scene.connection.back();
  scene.connection.cutOff();
  await scene.tick(600_000);
  assert.equal(scene.wires.length, 0);
});

test("what can't be recovered is said before anything new comes", async () => {
  const scene = await new Scene({ cursor: "old-7" }).start();
  assert.equal(scene.wire.cursor, "old-7");
  scene.wire.greet({ recovered: false, reason: "epoch", cursor: "e-3" });
  scene.wire.event(4);
  assert.deepEqual(scene.take(), [["opened", "websocket"], ["reload", "epoch"], ["event", 4]]);
});
