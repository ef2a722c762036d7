// Waits end: at a change, after their time, and when nothing can change any more.

import { expect, test } from "vitest";
import { fakeClock } from "../proto/testing/fake-clock.ts";
import { createChanges } from "./changes.ts";

test("a wait ends at the next change, or after its time, and leaves no timer", async () => {
  const clock = fakeClock();
  const changes = createChanges(clock);
  const ended: string[] = [];
  changes.wait(1000).then(() => ended.push("first"));
  changes.wait(10).then(() => ended.push("second"));
  await clock.advanceAsync(10);
  expect(ended).toEqual(["second"]);
  changes.notify();
  await clock.advanceAsync(0);
  expect(ended).toEqual(["second", "first"]);
  expect(clock.pending()).toBe(0);
});

test("closed, everyone is woken and nobody waits any more", async () => {
  const clock = fakeClock();
  const changes = createChanges(clock);
  const waiting = changes.wait(1000);
  changes.close();
  await waiting;
  await changes.wait(1000);
  expect(clock.pending()).toBe(0);
});
