// Snapshots in slices: all bytes in their order, and others run between them.

import { expect, test } from "vitest";
import { snapshotSliceBytes, snapshotSliceMs } from "../proto/limits/raft.ts";
import { fakeClock } from "../proto/testing/fake-clock.ts";
import { joinPieces } from "./snapshot-pieces.ts";

test("pieces of any size come together in order", async () => {
  const sizes = [0, 1, 3 * snapshotSliceBytes + 1, 0, 5];
  const pieces = sizes.map((size, at) => () => new Uint8Array(size).fill(at));
  const bytes = await joinPieces(pieces, fakeClock());
  expect(bytes.length).toBe(3 * snapshotSliceBytes + 7);
  expect([bytes[0], bytes[1], bytes.at(-6), bytes.at(-5), bytes.at(-1)]).toEqual([1, 2, 2, 4, 4]);
});

test("whatever waits runs as soon as a slice of time was used up", async () => {
  let nowMs = 0;
  let resume: (() => void) | undefined;
  const after = (_delayMs: number, run: () => void) => {
    resume = run;
    return { cancel: () => {} };
  };
  let made = 0;
  const pieces = Array.from({ length: 4 }, () => () => {
    nowMs += snapshotSliceMs / 2;
    made++;
    return Uint8Array.of(made);
  });
  const joined = joinPieces(pieces, { nowMs: () => nowMs, wallMs: () => nowMs, after });
  for (const expected of [2, 4]) {
    await expect.poll(() => resume).toBeDefined();
    expect(made).toBe(expected);
    resume?.();
    resume = undefined;
  }
  expect(await joined).toEqual(Uint8Array.of(1, 2, 3, 4));
});
