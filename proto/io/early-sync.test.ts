// One sync at a time runs beside the writes, and what it fails with is never lost.

import type { FileHandle } from "node:fs/promises";
import { expect, test } from "vitest";
import { syncedEarlyBytes } from "../limits/store.ts";
import { EarlySync } from "./early-sync.ts";

/** A file whose syncs end when they are told to. */
function fakeFile() {
  const syncs: { end(): void; fail(error: Error): void }[] = [];
  const datasync = () =>
    new Promise<void>((resolve, reject) => syncs.push({ end: resolve, fail: reject }));
  return { syncs, handle: { datasync } as unknown as FileHandle };
}

test("a sync begins once much was written, and the next one after it has ended", async () => {
  const { syncs, handle } = fakeFile();
  const early = new EarlySync(handle);
  early.wrote(syncedEarlyBytes - 1);
  expect(syncs.length).toBe(0);
  early.wrote(1);
  early.wrote(3 * syncedEarlyBytes);
  expect(syncs.length).toBe(1);
  syncs[0]!.end();
  await early.settle();
  early.wrote(1);
  expect(syncs.length).toBe(2);
  let isSettled = false;
  const settled = early.settle().then(() => {
    isSettled = true;
  });
  await Promise.resolve();
  expect(isSettled).toBe(false);
  syncs[1]!.end();
  await settled;
});

test("a failure is told to the next write, and to whoever ends the file", async () => {
  const { syncs, handle } = fakeFile();
  const early = new EarlySync(handle);
  early.wrote(syncedEarlyBytes);
  syncs[0]!.fail(new Error("the disk is gone"));
  await expect(early.settle()).rejects.toThrow("the disk is gone");
  expect(() => early.wrote(1)).toThrow("the disk is gone");
  await expect(early.settle()).rejects.toThrow("the disk is gone");
});
