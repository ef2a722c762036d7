// The write-ahead log against torn tails, rot, foreign files and failing disks.
import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { type MemoryDisk, memoryDisk } from "../../proto/testing/memory-disk.ts";
import { type Entry, emptyHardState } from "../raft/entry.ts";
import type { WalRecord } from "./record.ts";
import type { Recovered } from "./replay.ts";
import { openWal, type Wal } from "./wal.ts";

const clusterId = asClusterId("test-cluster");
const firstPath = "wal/00000001-0000000000000001.log";

const entry = (index: number, term: number, text = `e${index}.${term}`): Entry => ({
  index,
  term,
  kind: text === "" ? "noop" : "command",
  data: new TextEncoder().encode(text),
});
const added = (...entries: Entry[]): WalRecord[] =>
  entries.map((one) => ({ type: "entry", entry: one }));
const voted = (term: number, commit: number): WalRecord => ({
  type: "hardState",
  hardState: { term, votedFor: asMasterId("master-b"), commit },
});

async function open(disk: MemoryDisk, segmentBytesMax?: number): Promise<{ wal: Wal } & Recovered> {
  const { wal, recovered } = await openWal(disk, clusterId, undefined, segmentBytesMax);
  return { wal, ...recovered };
}

/** Where the reserve of zeros begins: each record ends with another byte. */
function writtenBytes(disk: MemoryDisk): number {
  return disk.peek(firstPath)!.findLastIndex((byte) => byte !== 0) + 1;
}

/** A log of three batches, closed or left as a crash leaves it. */
async function smallLog(isClosed: boolean): Promise<MemoryDisk> {
  const disk = memoryDisk();
  const { wal } = await open(disk);
  await wal.append([voted(1, 0), ...added(entry(1, 1, ""), entry(2, 1))]);
  await wal.append(added(entry(3, 1)));
  await wal.append([voted(2, 2), ...added(entry(4, 2))]);
  if (isClosed) await wal.close();
  return disk;
}

const terms = (recovered: Recovered): string =>
  recovered.entries.map((one) => `${one.index}/${one.term}`).join(" ");

async function codeOf(run: Promise<unknown>): Promise<string> {
  const thrown = await run.then(
    () => undefined,
    (error: unknown) => error,
  );
  return thrown instanceof EngineError ? thrown.code : String(thrown);
}

describe("the write-ahead log", () => {
  test("gives back what was saved, with one sync for each batch", async () => {
    const disk = memoryDisk();
    const { wal, hardState } = await open(disk);
    expect(hardState).toEqual(emptyHardState);
    const before = disk.syncCount();
    await wal.append([voted(3, 0), ...added(entry(1, 3, ""), entry(2, 3, "x"))]);
    expect(disk.syncCount()).toBe(before + 1);
    const again = await open(disk.crash());
    expect(again.hardState).toEqual({ term: 3, votedFor: "master-b", commit: 0 });
    expect(again.entries).toEqual([entry(1, 3, ""), entry(2, 3, "x")]);
  });

  test("an entry replaces those from its index on, also across segments", async () => {
    const disk = memoryDisk();
    const { wal } = await open(disk, 1);
    await wal.append([voted(1, 0), ...added(entry(1, 1), entry(2, 1), entry(3, 1))]);
    await wal.append(added(entry(2, 2)));
    await wal.append(added(entry(3, 2), entry(4, 2)));
    await wal.append([voted(3, 1), ...added(entry(4, 3))]);
    expect(disk.paths().length).toBe(5);
    expect(terms(await open(disk.crash(), 1))).toBe("1/1 2/2 3/2 4/3");
  });

  test("a tail torn at any byte of the last batch is cleared, and writing goes on", async () => {
    const start = writtenBytes(await smallLog(false));
    const disk = await smallLog(false);
    const { wal } = await open(disk);
    // The commit speaks of entries of the same batch, of which a crash may keep a part.
    await wal.append([voted(3, 6), ...added(entry(5, 3), entry(6, 3))]);
    const longer = disk.peek(firstPath)!;
    for (let size = start; size < writtenBytes(disk); size++) {
      const bytes = longer.slice().fill(0, size);
      const torn = memoryDisk(new Map([[firstPath, bytes]]));
      const opened = await open(torn);
      expect(["1/1 2/1 3/1 4/2", "1/1 2/1 3/1 4/2 5/3"]).toContain(terms(opened));
      const next = opened.entries.length + 1;
      await opened.wal.append(added(entry(next, 4)));
      expect(terms(await open(torn.crash()))).toBe(`${terms(opened)} ${next}/4`);
    }
  });

  test("zeros where the last batch should be are a torn tail too", async () => {
    const disk = await smallLog(false);
    const bytes = disk.peek(firstPath)!;
    disk.poke(firstPath, Uint8Array.from([...bytes, ...new Uint8Array(100)]));
    expect(terms(await open(disk))).toBe("1/1 2/1 3/1 4/2");
  });

  test("a write whose parts reached the disk out of order is a torn tail", async () => {
    const disk = await smallLog(false);
    const { wal } = await open(disk);
    const start = writtenBytes(disk);
    await wal.append(added(entry(5, 2), entry(6, 2), entry(7, 2)));
    // The first record of the last batch is missing, the others are there.
    const bytes = disk.peek(firstPath)!.fill(0, start, start + 48);
    disk.poke(firstPath, bytes);
    expect(terms(await open(disk))).toBe("1/1 2/1 3/1 4/2");
    expect(writtenBytes(disk)).toBe(start);
  });

  test("good records of another log are found by the chain", async () => {
    const make = async (text: string): Promise<MemoryDisk> => {
      const disk = memoryDisk();
      const { wal } = await open(disk);
      await wal.append(added(entry(1, 1, text)));
      await wal.append(added(entry(2, 1, text)));
      await wal.append(added(entry(3, 1, text)));
      await wal.close();
      return disk;
    };
    const [disk, other] = [await make("one"), await make("two")];
    // The last three records, which are as long in both.
    const from = writtenBytes(disk) - (48 + 48 + 45);
    const spliced = disk.peek(firstPath)!;
    spliced.set(other.peek(firstPath)!.slice(from), from);
    disk.poke(firstPath, spliced);
    await expect(open(disk)).rejects.toThrow("does not follow the one before it");
  });

  test("what a dead process wrote but did not sync is durable once it was read", async () => {
    const disk = await smallLog(false);
    const { wal } = await open(disk);
    const error = new EngineError("DISK_FAILED", "killed");
    disk.fault = ({ kind }) => (kind === "sync" ? { error } : undefined);
    await expect(wal.append(added(entry(5, 2)))).rejects.toThrow("killed");
    disk.fault = () => undefined;
    expect(terms(await open(disk))).toBe("1/1 2/1 3/1 4/2 5/2");
    expect(terms(await open(disk.crash()))).toBe("1/1 2/1 3/1 4/2 5/2");
  });

  test("a segment comes into being whole or not at all", async () => {
    const disk = memoryDisk();
    const error = new EngineError("DISK_FAILED", "power lost");
    disk.fault = ({ kind }) => (kind === "write" ? { error } : undefined);
    await expect(open(disk)).rejects.toThrow("power lost");
    expect(disk.paths()).toEqual([]);
  });

  test("a file of the first formats torn while it was being created is as if it had never been", async () => {
    const old = (await smallLog(false)).peek(firstPath)!;
    old[6] = 2;
    const disk = memoryDisk(new Map([[firstPath, old.slice(0, 20)]]));
    expect(terms(await open(disk))).toBe("");
  });

  test("a damaged or missing segment in the middle is corruption", async () => {
    const make = async (): Promise<MemoryDisk> => {
      const disk = memoryDisk();
      const { wal } = await open(disk, 1);
      await wal.append([voted(1, 0), ...added(entry(1, 1))]);
      await wal.append(added(entry(2, 1)));
      await wal.append(added(entry(3, 1)));
      return disk;
    };
    const short = await make();
    const second = short.paths()[1]!;
    const bytes = short.peek(second)!;
    short.poke(second, bytes.fill(0, bytes.findLastIndex((byte) => byte !== 0) - 10));
    expect(await codeOf(open(short))).toBe("LOG_CORRUPT");
    const missing = await make();
    await missing.remove(second);
    await expect(open(missing)).rejects.toThrow("1 comes before 3");
    const first = await make();
    await first.remove(first.paths()[0]!);
    expect(terms(await open(first))).toBe("1/1 2/1 3/1");
  });

  test("gives back a change of membership, and reads the first format", async () => {
    const disk = memoryDisk();
    const { wal } = await open(disk);
    const config: Entry = { ...entry(1, 1, "[[],[],[]]"), kind: "config" };
    await wal.append([voted(1, 0), ...added(config, entry(2, 1))]);
    const bytes = disk.peek(firstPath)!;
    expect(bytes[6]).toBe(3);
    expect((await open(disk)).entries).toEqual([config, entry(2, 1)]);
    bytes[6] = 1;
    disk.poke(firstPath, bytes);
    expect((await open(disk)).entries).toEqual([config, entry(2, 1)]);
    bytes[6] = 0;
    disk.poke(firstPath, bytes);
    expect(await codeOf(open(disk))).toBe("LOG_CORRUPT");
  });

  test("refuses a newer format and the folder of another cluster", async () => {
    const disk = await smallLog(true);
    await expect(openWal(disk, asClusterId("other"), undefined)).rejects.toThrow(
      'belongs to cluster "test-cluster", not to "other"',
    );
    const bytes = disk.peek(firstPath)!;
    bytes[6] = 4;
    disk.poke(firstPath, bytes);
    expect(await codeOf(open(disk))).toBe("DATA_FOLDER_VERSION");
  });

  test("refuses a log that begins after entries that no snapshot has", async () => {
    const disk = memoryDisk();
    const { wal } = await open(disk, 1);
    await wal.append([voted(1, 0), ...added(entry(1, 1), entry(2, 1))]);
    await wal.append(added(entry(3, 1)));
    await wal.prune(2);
    expect(disk.paths().length).toBe(1);
    await expect(open(disk)).rejects.toThrow("needs a snapshot of entry 2 or later");
    const snapshot = { index: 2, term: 1, bytes: new Uint8Array(0) };
    const { recovered } = await openWal(disk, clusterId, snapshot);
    expect(terms(recovered)).toBe("3/1");
    expect(recovered.hardState).toEqual({ term: 1, votedFor: "master-b", commit: 2 });
  });

  test("a snapshot without a log means that votes may be lost", async () => {
    const snapshot = { index: 2, term: 1, bytes: new Uint8Array(0) };
    await expect(openWal(memoryDisk(), clusterId, snapshot)).rejects.toThrow("votes may be lost");
  });
});
