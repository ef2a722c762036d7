// Time in the log: one tick after another, made by the present leader alone.

import { beforeEach, expect, test } from "vitest";
import { loggedTickMs } from "../proto/limits.ts";
import { type FakeClock, fakeClock } from "../proto/testing/fake-clock.ts";
import { createLoggedTicks, type LoggedTicks } from "./logged-ticks.ts";

let clock: FakeClock;
let term: number | undefined;
let isNeeded: boolean;
let logged: (readonly [atMs: number, term: number])[];
let applyMs: number;
let ticks: LoggedTicks;

beforeEach(() => {
  clock = fakeClock();
  term = 5;
  isNeeded = true;
  logged = [];
  applyMs = 0;
  ticks = createLoggedTicks(clock, {
    ledTerm: () => term,
    isNeeded: () => isNeeded,
    log: async (ofTerm) => {
      logged.push([clock.nowMs(), ofTerm]);
      if (applyMs > 0) await new Promise<void>((done) => clock.after(applyMs, done));
    },
  });
});

test("each waits for the one before to be applied: time never runs ahead", async () => {
  applyMs = 1000;
  ticks.start();
  await clock.advanceAsync(3000);
  expect(logged.map(([atMs]) => atMs)).toEqual([250, 1500, 2750]);
});

test("where nothing can expire none is logged", async () => {
  isNeeded = false;
  ticks.start();
  await clock.advanceAsync(1000);
  expect(logged).toEqual([]);
  isNeeded = true;
  await clock.advanceAsync(loggedTickMs);
  expect(logged).toHaveLength(1);
});

test("who no longer leads logs none", async () => {
  ticks.start();
  await clock.advanceAsync(200);
  term = undefined;
  await clock.advanceAsync(1000);
  expect(logged).toEqual([]);
});

test("who was deposed and leads again waits anew, in its new term", async () => {
  ticks.start();
  await clock.advanceAsync(200);
  term = 7;
  await clock.advanceAsync(299);
  expect(logged).toEqual([]);
  await clock.advanceAsync(1);
  expect(logged).toEqual([[500, 7]]);
  ticks.start();
  ticks.start();
  await clock.advanceAsync(250);
  expect(logged).toEqual([
    [500, 7],
    [750, 7],
  ]);
  ticks.stop();
  await clock.advanceAsync(1000);
  expect(logged).toHaveLength(2);
});
