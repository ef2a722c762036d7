// When garbage is collected: not while there is room, and no more often than it comes.

import { expect, test } from "vitest";
import {
  executorThreadUsedBytes,
  garbageBytesMin,
  youngGarbageBytes,
} from "../../proto/limits/memory.ts";
import { garbageBound } from "./collect-garbage.ts";

const mebibyte = 1024 * 1024;

/** A thread whose garbage goes when it is collected, or with the batch after that. */
function thread(isLate: boolean) {
  const found = { live: 0, garbage: 0, leaving: 0, collected: 0 };
  const check = garbageBound({
    used: () => {
      const all = found.live + found.garbage + found.leaving;
      found.leaving = 0;
      return { all, buffers: 0 };
    },
    collectYoung: () => undefined,
    collect: () => {
      found.collected++;
      found.leaving = isLate ? found.garbage : 0;
      found.garbage = 0;
    },
  });
  return { found, check };
}

test.each([false, true])("garbage stays within its bound (told late: %s)", (isLate) => {
  const { found, check } = thread(isLate);
  const reserved = 50 * mebibyte;
  found.live = 60 * mebibyte;
  let most = 0;
  for (let batch = 0; batch < 200; batch++) {
    found.garbage += 4 * mebibyte;
    check(reserved);
    most = Math.max(most, found.live + found.garbage);
  }
  expect(most).toBeLessThanOrEqual(reserved + executorThreadUsedBytes + 4 * mebibyte);
  expect(found.collected).toBeGreaterThan(5);
  expect(found.collected).toBeLessThan(15);
});

test("nothing is collected while there is room", () => {
  const { found, check } = thread(false);
  found.live = 40 * mebibyte;
  for (let batch = 0; batch < 100; batch++) {
    found.garbage = (batch % 10) * mebibyte;
    check(0);
  }
  expect(found.collected).toBe(0);
});

test("values that stay are not collected again and again", () => {
  const { found, check } = thread(false);
  for (let batch = 0; batch < 1000; batch++) {
    found.live += mebibyte;
    check(0);
  }
  expect(found.collected).toBeGreaterThan(3);
  expect(found.collected).toBeLessThan(Math.log(1000 / 96) / Math.log(1.25) + 3);
  expect(garbageBytesMin).toBeLessThan(executorThreadUsedBytes);
});

test.each([false, true])("young garbage goes between batches (told late: %s)", (isLate) => {
  let [buffers, live, leaving, times, most] = [0, 0, 0, 0, 0];
  const check = garbageBound({
    used: () => {
      buffers -= leaving;
      leaving = 0;
      return { all: buffers, buffers };
    },
    collect: () => expect.unreachable("there is room"),
    collectYoung: () => {
      times++;
      leaving = buffers - live;
      if (!isLate) [buffers, leaving] = [live, 0];
    },
  });
  for (let batch = 0; batch < 100; batch++) {
    buffers += mebibyte;
    if (batch % 10 === 0) live += mebibyte;
    check(0);
    most = Math.max(most, buffers - live);
  }
  expect(times).toBeGreaterThan(100 / 8 / 2);
  expect(times).toBeLessThan(100 / 4);
  expect(most).toBeLessThanOrEqual(2 * youngGarbageBytes);
});
