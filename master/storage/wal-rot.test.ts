// Every single flipped bit and every truncation of a log of 64 KiB: found, or provably without effect.

import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { type MemoryDisk, memoryDisk } from "../../proto/testing/memory-disk.ts";
import type { WalRecord } from "./record.ts";
import type { Recovered } from "./replay.ts";
import { type ReadStart, readSegment, segmentPrefix } from "./segment.ts";
import { openWal } from "./wal.ts";

const clusterId = asClusterId("test-cluster");
const path = "wal/00000001-0000000000000001.log";
/** Those of the format's version that make a 2 or a 1 of a 3: both are read alike. */
const versionBits = [48, 49];
const logBytes = 64 * 1024;

/** Batches of all kinds of records until the reserve of the first 64 KiB is nearly used up. */
async function makeLog(): Promise<MemoryDisk> {
  const random = randomStream(7);
  const disk = memoryDisk();
  const { wal } = await openWal(disk, clusterId, undefined);
  let index = 0;
  for (let bytes = 0; bytes < logBytes - 2048; ) {
    const records: WalRecord[] = [];
    const term = 1 + Math.floor(index / 50);
    if (random.below(3) === 0) {
      const votedFor = asMasterId("master-b");
      records.push({ type: "hardState", hardState: { term, votedFor, commit: index } });
      bytes += 60;
    }
    for (let count = random.below(4); count >= 0; count--) {
      // Some are empty, some end in zeros: neither may be taken for reserve.
      const data = Uint8Array.from({ length: random.below(300) }, () => random.below(3) && 170);
      records.push({ type: "entry", entry: { index: ++index, term, kind: "command", data } });
      bytes += 45 + data.length;
    }
    await wal.append(records);
  }
  // As a crash leaves it: nothing says that the last batch was durable.
  return disk.crash();
}

/** Every place where a record begins, with what a reader knows there. */
function startsOf(bytes: Uint8Array): readonly ReadStart[] {
  const starts: ReadStart[] = [];
  let from: ReadStart = { at: segmentPrefix.length, chain: 0, batchStart: 0 };
  const { offsets, goodBytes } = readSegment(path, bytes, 0);
  for (const end of [...offsets.slice(1), goodBytes]) {
    starts.push(from);
    // All before it and nothing after: its checksum is that of the record before the end.
    const cut = new Uint8Array(logBytes);
    cut.set(bytes.subarray(0, end));
    const { chain, lastBatchStart } = readSegment(path, cut, 0, from);
    from = { at: end, chain, batchStart: lastBatchStart };
  }
  return [...starts, from];
}

type Verdict = "found" | "no effect" | "LOST";

const stateOf = ({ hardState, entries }: Recovered): string =>
  JSON.stringify([hardState, entries.map(({ index, term, data }) => [index, term, data.length])]);

async function openedAs(bytes: Uint8Array, intact: string): Promise<Verdict> {
  try {
    const disk = memoryDisk(new Map([[path, bytes]]));
    const { recovered } = await openWal(disk, clusterId, undefined);
    return stateOf(recovered) === intact ? "no effect" : "LOST";
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    expect(["LOG_CORRUPT", "DATA_FOLDER_VERSION"]).toContain(thrown.code);
    expect(thrown.details.file).toBe(path);
    return "found";
  }
}

/** From a record on, what is left of the reading when its bytes were changed. */
function readAs(bytes: Uint8Array, from: ReadStart, written: number): Verdict {
  const { damage, goodBytes } = readSegment(path, bytes, 0, from);
  if (damage?.isAcknowledged === true) return "found";
  return goodBytes === written ? "no effect" : "LOST";
}

describe("a log of 64 KiB", () => {
  test("every flipped bit is found, or lies where nothing was written", async () => {
    const disk = await makeLog();
    const bytes = disk.peek(path)!;
    expect(bytes.length).toBe(logBytes);
    const { recovered } = await openWal(memoryDisk(new Map([[path, bytes]])), clusterId, undefined);
    const intact = stateOf(recovered);
    const starts = startsOf(bytes);
    const written = starts.at(-1)!.at;
    expect(written).toBeGreaterThan(logBytes * 0.95);
    const counts = { found: 0, "no effect": 0, LOST: 0 };
    const startedMs = performance.now();
    let position = 0;
    for (let bit = 0; bit < logBytes * 8; bit++) {
      const at = bit >>> 3;
      while (starts[position + 1] !== undefined && starts[position + 1]!.at <= at) position++;
      bytes[at]! ^= 1 << (bit & 7);
      // What lies before the record is as it was, and read by the same loop. Now and then, and in the
      // file's own beginning, the whole log is opened as a master opens it.
      const isWhole = at < segmentPrefix.length || bit % 397 === 0;
      const verdict = isWhole
        ? await openedAs(bytes, intact)
        : readAs(bytes, starts[position]!, written);
      bytes[at]! ^= 1 << (bit & 7);
      counts[verdict]++;
      if (verdict === "found" ? at >= written : at < written) {
        expect([verdict, versionBits.includes(bit)]).toEqual(["no effect", true]);
      }
    }
    const tookMs = Math.round(performance.now() - startedMs);
    console.log(`${logBytes * 8} bits flipped in ${tookMs} ms: ${JSON.stringify(counts)}`);
    expect(counts.LOST).toBe(0);
    expect(counts.found).toBe(written * 8 - versionBits.length);
  }, 120_000);

  test("cut short anywhere it is found, unless only zeros are gone", async () => {
    const disk = await makeLog();
    const bytes = disk.peek(path)!;
    const starts = startsOf(bytes);
    let position = 0;
    for (let size = 0; size < logBytes; size++) {
      while (starts[position + 1] !== undefined && starts[position + 1]!.at <= size) position++;
      const { damage } = readSegment(path, bytes.subarray(0, size), 0, starts[position]);
      expect([size, damage?.isAcknowledged]).toEqual([size, true]);
      if (size % 997 === 0) expect(await openedAs(bytes.slice(0, size), "")).toBe("found");
    }
  }, 60_000);
});
