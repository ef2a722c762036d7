// The fake clock runs timers in order and only when moved.

import { expect, test } from "vitest";
import { sleep } from "../ports/clock.ts";
import { fakeClock } from "./fake-clock.ts";

test("timers run in order of time, then of creation, at their own time", () => {
  const clock = fakeClock(100);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b@${clock.nowMs()}`));
  clock.after(10, () => {
    seen.push(`a@${clock.nowMs()}`);
    clock.after(5, () => seen.push(`nested@${clock.nowMs()}`));
  });
  clock.after(20, () => seen.push(`c@${clock.nowMs()}`));
  const cancelled = clock.after(1, () => seen.push("never"));
  cancelled.cancel();
  clock.advance(9);
  expect(seen).toEqual([]);
  clock.advance(91);
  expect(seen).toEqual(["a@110", "nested@115", "b@120", "c@120"]);
  expect(clock.nowMs()).toBe(200);
  expect(clock.pending()).toBe(0);
});

test("advanceAsync lets loops of sleeps make progress", async () => {
  const clock = fakeClock();
  let turns = 0;
  const loop = (async () => {
    for (; turns < 5; turns++) await sleep(clock, 10);
  })();
  await clock.advanceAsync(49);
  expect(turns).toBe(4);
  await clock.advanceAsync(1);
  await loop;
  expect(turns).toBe(5);
});
