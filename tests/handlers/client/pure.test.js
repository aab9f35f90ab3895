import assert from "node:assert/strict";
import test from "node:test";
import { FIRST_WAIT, LATER, LONGEST_LATER, LONGEST_WAIT, backoff } from "../../../handlers/static/client/backoff.js";
import { CODES, endOf, verdict } from "../../../handlers/static/client/codes.js";
import { Emitter } from "../../../handlers/static/client/emitter.js";
import { Ladder } from "../../../handlers/static/client/ladder.js";
import { Sequence } from "../../../handlers/static/client/sequence.js";
import { SseParser } from "../../../handlers/static/client/sseparser.js";
import { STATES, next } from "../../../handlers/static/client/states.js";
import { Tokens, claimsOf } from "../../../handlers/static/client/tokens.js";

test("a wait is anywhere up to a limit that doubles and ends", () => {
  assert.deepEqual([0, 1, 2, 3].map((failures) => backoff(failures, 1)), [500, 1000, 2000, 4000]);
  assert.equal(backoff(3, 0), 0);
  assert.equal(backoff(3, 0.5), 2000);
  assert.equal(backoff(LATER - 1, 1), LONGEST_WAIT);
  assert.equal(backoff(LATER, 1), LONGEST_LATER);
  assert.equal(backoff(5000, 1), LONGEST_LATER);
  const waits = Array.from({ length: 1000 }, () => backoff(0));
  assert.ok(waits.every((wait) => wait >= 0 && wait < FIRST_WAIT));
  assert.ok(Math.max(...waits) - Math.min(...waits) > FIRST_WAIT / 2);
});

test("states lead where the table says, and else stay", () => {
  for (const [state, leads] of Object.entries(STATES)) {
    for (const [happening, to] of Object.entries(leads)) assert.equal(next(state, happening), to);
    assert.equal(next(state, "something else"), state);
    assert.ok(["error", state].includes(next(state, "refused")));
    assert.equal(next(state, "closed"), "offline");
  }
});

test("below 4500 one comes back; a token and a full house have their own ways", async () => {
  assert.equal(verdict(CODES.LOST), "again");
  assert.equal(verdict(4499), "again");
  assert.equal(verdict(4999), "never");
  assert.equal(verdict(CODES.REVOKED), "never");
  assert.equal(verdict(CODES.INVALID_TOKEN), "token");
  assert.equal(verdict(CODES.TOO_MANY_STREAMS), "poll");
  const answer = (status, code, headers = {}) => new Response(JSON.stringify({ error: { code } }), { status, headers });
  assert.equal((await endOf(answer(401, "token_expired"))).code, CODES.TOKEN_EXPIRED);
  assert.equal((await endOf(answer(401, "no_token"))).code, CODES.INVALID_TOKEN);
  assert.equal((await endOf(answer(403, "forbidden"))).code, CODES.NOT_ALLOWED);
  assert.equal((await endOf(answer(429, "too_many_streams"))).code, CODES.TOO_MANY_STREAMS);
  const busy = await endOf(answer(429, "rate_limited", { "Retry-After": "7" }));
  assert.deepEqual([busy.code, busy.retryAfter], [CODES.TOO_MANY_REQUESTS, 7000]);
  assert.equal((await endOf(new Response("<html>", { status: 502 }))).code, CODES.LOST);
});

test("what doesn't open is followed by the next at once, what has worked gets three tries", () => {
  const ladder = new Ladder(3);
  assert.deepEqual([ladder.failed(), ladder.level], [true, 1]);
  ladder.opened(1);
  assert.deepEqual([ladder.failed(), ladder.failed(), ladder.level], [false, false, 1]);
  assert.deepEqual([ladder.failed(), ladder.level], [true, 2]);
  assert.deepEqual([ladder.failed(), ladder.level], [false, 0]);
  ladder.opened(1);
  ladder.failed();
  ladder.failed();
  ladder.steady();
  assert.deepEqual([ladder.failed(), ladder.level], [false, 1]);
});

test("events are new, repeated or missing by their offset", () => {
  const sequence = new Sequence("e-4");
  assert.equal(sequence.begin({ recovered: true, cursor: "e-4" }), false);
  assert.equal(sequence.placeOf({ offset: 5 }), "next");
  sequence.passed({ offset: 5, cursor: "e-5" });
  assert.deepEqual([4, 5, 6, 7].map((offset) => sequence.placeOf({ offset })), ["repeat", "repeat", "next", "gap"]);
  assert.equal(sequence.begin({ recovered: false, cursor: "f-2" }), true);
  assert.equal(sequence.cursor, "f-2");
  assert.equal(sequence.placeOf({ offset: 3 }), "next");
});

test("a cursor is kept for its user, and storage that fails is done without", () => {
  const kept = new Map();
  const storage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  new Sequence(null, storage, "ada").passed({ offset: 9, cursor: "e-9" });
  assert.equal(new Sequence(null, storage, "ada").cursor, "e-9");
  assert.equal(new Sequence(null, storage, "grace").cursor, null);
  assert.equal(new Sequence("e-1", storage, "ada").cursor, "e-1");
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error("full");
    },
  };
  const sequence = new Sequence(null, full, "ada");
  sequence.passed({ offset: 1, cursor: "e-1" });
  assert.equal(sequence.cursor, "e-1");
});

test("server-sent events are read however they are cut", () => {
  const wire = ":\n\nid: e-1\nevent: note\nretry: 100\ndata: {\"a\":\ndata: 1}\n\nevent:close\r\ndata:{}\r\n\r\nevent: x\n\ndata";
  for (let size = 1; size <= wire.length; size += 1) {
    const found = [];
    const parser = new SseParser((type, data) => found.push([type, data]));
    for (let at = 0; at < wire.length; at += size) parser.feed(wire.slice(at, at + size));
    assert.deepEqual(found, [["note", '{"a":\n1}'], ["close", "{}"]]);
  }
});

test("what a token says of itself is read, where it says something", () => {
  const token = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;
  const claims = { exp: 1800000000, sub: "ünï?~>" };
  assert.deepEqual(claimsOf(token(claims)), claims);
  assert.deepEqual([claimsOf("opaque"), claimsOf("a.!.c"), claimsOf("")], [{}, {}, {}]);
});

test("tokens come from a function, at once or later; without one there are none", async () => {
  assert.equal(await new Tokens(({ why }) => `t-${why}`).get("connect"), "t-connect");
  assert.equal(await new Tokens(async () => undefined).get("connect"), null);
  assert.equal(await new Tokens(undefined).get("connect"), null);
  await assert.rejects(new Tokens(() => Promise.reject(new Error("down"))).get("connect"), /down/);
});

test("a listener that throws is reported and disturbs no other, one that leaves is not called", () => {
  const reported = [];
  globalThis.reportError = (error) => reported.push(error.message);
  const emitter = new Emitter();
  const heard = [];
  emitter.on("note", () => {
    throw new Error("mine");
  });
  const off = emitter.on("note", (value) => heard.push(value));
  emitter.tell("note", 1);
  off();
  emitter.tell("note", 2);
  assert.deepEqual([heard, reported], [[1], ["mine", "mine"]]);
});
