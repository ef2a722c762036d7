// When a growing file is synced, and what becomes of a failure.

import { expect, test } from "vitest";
import { earlySyncBytes } from "../limits/disk.ts";
import { EarlySync } from "./early-sync.ts";

/** Syncs that end when told. */
function fakeHandle() {
  const waiting: { done: () => void; fail: (error: Error) => void }[] = [];
  const datasync = (): Promise<void> =>
    new Promise((done, fail) => {
      waiting.push({ done, fail });
    });
  return { handle: { datasync }, waiting };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("a sync begins once enough was written, and one at a time", async () => {
  const { handle, waiting } = fakeHandle();
  const early = new EarlySync(handle);
  early.wrote(earlySyncBytes - 1);
  expect(waiting.length).toBe(0);
  early.wrote(1);
  expect(waiting.length).toBe(1);
  early.wrote(3 * earlySyncBytes);
  expect(waiting.length).toBe(1);
  waiting[0]!.done();
  await turn();
  early.wrote(1);
  expect(waiting.length).toBe(2);
});

test("whoever ends the file waits for the sync under way", async () => {
  const { handle, waiting } = fakeHandle();
  const early = new EarlySync(handle);
  await early.settled();
  early.wrote(earlySyncBytes);
  let isSettled = false;
  const settled = early.settled().then(() => {
    isSettled = true;
  });
  await turn();
  expect(isSettled).toBe(false);
  waiting[0]!.done();
  await settled;
});

test("a failure is told at the end, also where later syncs went well", async () => {
  const { handle, waiting } = fakeHandle();
  const early = new EarlySync(handle);
  early.wrote(earlySyncBytes);
  waiting[0]!.fail(new Error("EIO"));
  await turn();
  early.wrote(earlySyncBytes);
  waiting[1]!.done();
  await turn();
  await expect(early.settled()).rejects.toThrow("EIO");
});
