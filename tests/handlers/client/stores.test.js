import assert from "node:assert/strict";
import test from "node:test";
import { Emitter } from "../../../handlers/static/client/emitter.js";
import { Notifications } from "../../../handlers/static/client/notifications.js";
import { Progress } from "../../../handlers/static/client/progress.js";

const step = (platform, dataType, progress) => ({ platform, dataType, progress, done: progress, total: 100 });

function progressOf(...steps) {
  const events = new Emitter();
  const progress = new Progress(events);
  for (const one of steps) events.tell("extraction_progress", step(...one));
  return progress.snapshot.map(({ id, progress: now }) => [id, now]);
}

test("each kind of data of a platform has a bar of its own, the one that moved last first", () => {
  const bars = progressOf(["github", "events", 10], ["youtube", "uploads", 50], ["github", "events", 40]);
  assert.deepEqual(bars, [["github/events", 40], ["youtube/uploads", 50]]);
});

test("a page without anything on it moves the bar that its platform has", () => {
  const bars = progressOf(["slack", "messages", 50], ["github", "events", 1], ["slack", null, 100]);
  assert.deepEqual(bars, [["slack/messages", 100], ["github/events", 1]]);
  assert.deepEqual(progressOf(["slack", null, 50]), [["slack", 50]]);
});

test("whoever watches is told, and gets a new list each time", () => {
  const events = new Emitter();
  const progress = new Progress(events);
  const seen = new Set([progress.snapshot]);
  const off = progress.onChange(() => seen.add(progress.snapshot));
  events.tell("extraction_progress", step("github", "events", 1));
  events.tell("extraction_progress", step("github", "events", 2));
  off();
  events.tell("extraction_progress", step("github", "events", 3));
  assert.equal(seen.size, 3);
});

test("without an id a notification is known by its place; the oldest of many go", () => {
  const events = new Emitter();
  const notifications = new Notifications(events);
  for (let number = 1; number <= 250; number += 1) events.tell("notification", { cursor: `e-${number}`, title: "t" });
  const { notifications: kept, unreadCount } = notifications.snapshot;
  assert.deepEqual([kept.length, kept[0].id, unreadCount], [200, "e-250", 200]);
  notifications.markAsRead("e-250");
  notifications.markAsRead("nobody's");
  assert.equal(notifications.snapshot.unreadCount, 199);
});

test("a notification that is told again after it was read is unread again", () => {
  const events = new Emitter();
  const notifications = new Notifications(events);
  events.tell("notification", { id: "a", cursor: "e-1" });
  notifications.markAllAsRead();
  events.tell("notification", { id: "a", cursor: "e-2" });
  assert.deepEqual([notifications.snapshot.notifications.length, notifications.snapshot.unreadCount], [1, 1]);
});
