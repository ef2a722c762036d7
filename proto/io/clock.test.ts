// The real clock never fires early, and a cancelled timer never fires.

import { expect, test } from "vitest";
import { sleep } from "../ports/clock.ts";
import { realClock } from "./clock.ts";

test("a timer fires at or after its delay", async () => {
  for (let round = 0; round < 10; round++) {
    const startMs = realClock.nowMs();
    await sleep(realClock, 3.7);
    expect(realClock.nowMs() - startMs).toBeGreaterThanOrEqual(3.7);
  }
});

test("a cancelled timer does not fire", async () => {
  let fired = false;
  const timer = realClock.after(1, () => {
    fired = true;
  });
  timer.cancel();
  await sleep(realClock, 5);
  expect(fired).toBe(false);
});

test("a delay beyond what the platform holds does not fire at once", async () => {
  let fired = false;
  const timer = realClock.after(2 ** 40, () => {
    fired = true;
  });
  await sleep(realClock, 5);
  timer.cancel();
  expect(fired).toBe(false);
});
