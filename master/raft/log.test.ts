// The log in memory: what may be dropped, what a save proves, and where two logs can agree.
import { describe, expect, test } from "vitest";
import { type Entry, noBytes } from "./entry.ts";
import {
  appendFromLeader,
  appendOwn,
  commitTo,
  compactLog,
  highestPossibleAgreement,
  isUpToDate,
  lastIndexOf,
  newLog,
  restoreSnapshot,
  sliceLog,
  takeCommitted,
  termAt,
} from "./log.ts";

const entry = (index: number, term: number, bytes = 0): Entry => ({
  index,
  term,
  kind: "command",
  data: new Uint8Array(bytes),
});
const entries = (...terms: number[]): Entry[] => terms.map((term, at) => entry(at + 1, term));

describe("the log", () => {
  test("a shorter message keeps what follows; a contradiction drops it", () => {
    const log = newLog(undefined, entries(1, 1, 2), 0);
    appendFromLeader(log, [entry(1, 1), entry(2, 1)]);
    expect(lastIndexOf(log)).toBe(3);
    appendFromLeader(log, [entry(2, 3)]);
    expect(lastIndexOf(log)).toBe(2);
    expect(termAt(log, 2)).toBe(3);
  });

  test("never drops what is committed", () => {
    const log = newLog(undefined, entries(1, 1), 2);
    expect(() => appendFromLeader(log, [entry(2, 2)])).toThrow("contradicts committed entry 2");
    expect(() => commitTo(log, 3)).toThrow("beyond the last entry 2");
  });

  test("a save under way proves nothing about entries that replaced its own", () => {
    const log = newLog(undefined, entries(1), 0);
    appendFromLeader(log, [entry(2, 1)]);
    log.saves.push({ sequence: 1, provesIndex: 2 });
    log.takenIndex = 2;
    appendFromLeader(log, [entry(2, 2)]);
    appendFromLeader(log, [entry(2, 3)]);
    expect(log.saves[0]?.provesIndex).toBe(1);
    expect(log.takenIndex).toBe(1);
  });

  test("after a snapshot nothing is durable until it is saved", () => {
    const log = newLog(undefined, entries(1, 1), 1);
    log.saves.push({ sequence: 1, provesIndex: 2 });
    restoreSnapshot(log, { index: 9, term: 4, bytes: noBytes });
    expect(log.saves[0]?.provesIndex).toBe(0);
    expect(takeCommitted(log, 100)).toEqual([]);
    expect(termAt(log, 9)).toBe(4);
    expect(termAt(log, 8)).toBeUndefined();
    expect(() => restoreSnapshot(log, { index: 9, term: 4, bytes: noBytes })).toThrow("undo");
  });

  test("hands out what is committed only where it is durable, and a bounded part at a time", () => {
    const log = newLog(undefined, entries(1, 1, 1), 3);
    appendOwn(log, entry(4, 1));
    commitTo(log, 4);
    expect(takeCommitted(log, 2).map((one) => one.index)).toEqual([1, 2]);
    expect(takeCommitted(log, 2).map((one) => one.index)).toEqual([3]);
    expect(takeCommitted(log, 2)).toEqual([]);
  });

  test("slices within bounds, but always at least one entry", () => {
    const log = newLog(undefined, [entry(1, 1, 10), entry(2, 1, 10), entry(3, 1, 90)], 0);
    const indexes = (from: number, count: number, bytes: number): number[] =>
      sliceLog(log, from, count, bytes).map((one) => one.index);
    expect(indexes(1, 9, 20)).toEqual([1, 2]);
    expect(indexes(1, 1, 20)).toEqual([1]);
    expect(indexes(3, 9, 20)).toEqual([3]);
    expect(indexes(4, 9, 20)).toEqual([]);
  });

  test("compaction keeps a tail bounded by count and by bytes", () => {
    const five = [1, 2, 3, 4, 5].map((index) => entry(index, 1, 100));
    const compacted = (keep: { entriesMax: number; bytesMax: number }): number => {
      const log = newLog(undefined, five, 5);
      takeCommitted(log, 9);
      log.appliedIndex = 5;
      compactLog(log, { index: 4, term: 1, bytes: noBytes }, keep);
      expect(lastIndexOf(log)).toBe(5);
      return log.baseIndex;
    };
    expect(compacted({ entriesMax: 0, bytesMax: 9999 })).toBe(4);
    expect(compacted({ entriesMax: 3, bytesMax: 9999 })).toBe(1);
    expect(compacted({ entriesMax: 99, bytesMax: 9999 })).toBe(0);
    expect(compacted({ entriesMax: 3, bytesMax: 330 })).toBe(2);
  });

  test("finds where a log can agree at best, and which of two is more complete", () => {
    const log = newLog(undefined, entries(1, 1, 3, 3, 5), 0);
    expect(highestPossibleAgreement(log, 5, 4)).toBe(4);
    expect(highestPossibleAgreement(log, 4, 2)).toBe(2);
    expect(highestPossibleAgreement(log, 9, 9)).toBe(5);
    expect(highestPossibleAgreement(log, 5, 0)).toBe(0);
    expect(isUpToDate(log, 5, 5)).toBe(true);
    expect(isUpToDate(log, 4, 5)).toBe(false);
    expect(isUpToDate(log, 1, 6)).toBe(true);
    expect(isUpToDate(log, 9, 4)).toBe(false);
  });
});
