// Storage as a whole: group commit, snapshots, and a crash at every single operation of the disk.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import { type MemoryDisk, memoryDisk } from "../../proto/testing/memory-disk.ts";
import type { Entry, HardState, Snapshot } from "../raft/entry.ts";
import type { Membership } from "../raft/membership.ts";
import { openRaftStorage, type RaftStorage, type SaveBatch } from "./raft-storage.ts";
import type { Recovered } from "./replay.ts";

const clusterId = asClusterId("test-cluster");
const open = (disk: MemoryDisk, segmentBytesMax?: number): Promise<RaftStorage> =>
  openRaftStorage(disk, clusterId, { segmentBytesMax });
const entry = (index: number, term: number): Entry => ({
  index,
  term,
  kind: "command",
  data: Uint8Array.of(index, term),
});
const vote = (term: number, commit = 0): HardState => ({
  term,
  votedFor: asMasterId("master-a"),
  commit,
});
const membership: Membership = {
  voters: ["a", "b"].map(asMasterId),
  votersOutgoing: [],
  learners: [asMasterId("c")],
};
const snapshotOf = (index: number, term: number): Snapshot => ({
  index,
  term,
  bytes: Uint8Array.of(index, term, 7),
});

describe("storage for Raft", () => {
  test("saves of one turn share a sync and resolve in order", async () => {
    const disk = memoryDisk();
    const storage = await open(disk);
    const before = disk.syncCount();
    const order: number[] = [];
    const saves = [1, 2, 3].map((index) =>
      storage
        .save({ hardState: vote(1), entries: [entry(index, 1)] })
        .then(() => order.push(index)),
    );
    await Promise.all(saves);
    expect(disk.syncCount()).toBe(before + 1);
    expect(order).toEqual([1, 2, 3]);
    expect(storage.logBytes()).toBe(6);
    const again = await open(disk.crash());
    expect(again.recovered.entries.length).toBe(3);
  });

  test.each(["append", "sync"] as const)("a failed %s poisons it for good", async (kind) => {
    const disk = memoryDisk();
    const storage = await open(disk);
    const error = new EngineError("DISK_FAILED", "input/output error");
    disk.fault = (operation) => (operation.kind === kind ? { error } : undefined);
    const first = storage.save({ entries: [entry(1, 1)] });
    const second = storage.save({ entries: [entry(2, 1)] });
    await expect(first).rejects.toThrow("input/output error");
    await expect(second).rejects.toThrow("input/output error");
    disk.fault = () => undefined;
    await expect(storage.save({ entries: [entry(1, 1)] })).rejects.toThrow("input/output error");
    await expect(storage.saveSnapshot(snapshotOf(1, 1))).rejects.toThrow("input/output error");
    await expect(storage.close()).rejects.toThrow("input/output error");
  });

  test("a snapshot of our own removes older ones and the log below it", async () => {
    const disk = memoryDisk();
    const storage = await open(disk, 1);
    for (let index = 1; index <= 5; index++) {
      await storage.save({ hardState: vote(1, index - 1), entries: [entry(index, 1)] });
    }
    await storage.saveSnapshot(snapshotOf(2, 1));
    await storage.saveSnapshot(snapshotOf(4, 1));
    expect(storage.logBytes()).toBe(0);
    expect(disk.paths()).toEqual([
      "snapshots/0000000000000004-0000000000000001.snap",
      "wal/00000006-0000000000000005.log",
    ]);
    await storage.close();
    await expect(storage.save({ entries: [] })).rejects.toThrow("was closed");
    const { recovered } = await open(disk);
    expect(recovered.snapshot).toEqual(snapshotOf(4, 1));
    expect(recovered.entries).toEqual([entry(5, 1)]);
    expect(recovered.hardState).toEqual(vote(1, 4));
  });

  test.each([
    ["another byte", (bytes: Uint8Array) => bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte))],
    ["fewer bytes", (bytes: Uint8Array) => bytes.subarray(0, -1)],
    ["more bytes", (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
    ["nothing", () => undefined],
  ])("a snapshot of which %s comes back from the disk removes nothing", async (_, lie) => {
    const real = memoryDisk();
    let lies = false;
    const disk: Disk = {
      ...real,
      readPieces: async (path, take) => {
        const bytes = await real.read(path);
        const told = lies && bytes !== undefined ? lie(bytes) : bytes;
        // In pieces that end within the header, within the payload and at the end.
        for (let at = 0; at < (told?.length ?? 0); at += 17)
          await take(told!.subarray(at, at + 17));
        return told !== undefined;
      },
    };
    const storage = await openRaftStorage(disk, clusterId);
    await storage.save({ hardState: vote(1, 1), entries: [entry(1, 1), entry(2, 1)] });
    await storage.saveSnapshot(snapshotOf(1, 1));
    const before = real.paths();
    lies = true;
    await expect(storage.saveSnapshot(snapshotOf(2, 1))).rejects.toMatchObject({
      code: "LOG_CORRUPT",
    });
    expect(real.paths()).toEqual(expect.arrayContaining([...before]));
  });

  test("a leader's snapshot replaces the log", async () => {
    const disk = memoryDisk();
    const storage = await open(disk);
    await storage.save({ hardState: vote(1), entries: [entry(1, 1), entry(2, 1)] });
    const batch: SaveBatch = {
      hardState: vote(3, 9),
      snapshot: snapshotOf(9, 3),
      entries: [entry(10, 3)],
    };
    await storage.save(batch);
    const { recovered } = await open(disk.crash());
    expect(recovered.snapshot).toEqual(snapshotOf(9, 3));
    expect(recovered.entries).toEqual([entry(10, 3)]);
    expect(recovered.hardState).toEqual(vote(3, 9));
  });

  test("a snapshot keeps its membership; one of the first format has none", async () => {
    const disk = memoryDisk();
    const storage = await open(disk);
    await storage.save({ hardState: vote(1), entries: [entry(1, 1)] });
    const snapshot: Snapshot = { index: 1, term: 1, bytes: Uint8Array.of(1, 2, 3) };
    await storage.saveSnapshot({ ...snapshot, membership });
    expect((await open(disk)).recovered.snapshot).toEqual({ ...snapshot, membership });
    await storage.saveSnapshot(snapshot);
    const path = disk.paths()[0]!;
    const whole = disk.peek(path)!;
    const first = Uint8Array.from([...whole.slice(0, 22), ...whole.slice(26)]);
    first[6] = 1;
    disk.poke(path, first);
    expect((await open(disk)).recovered.snapshot).toEqual(snapshot);
    disk.poke(path, whole.slice(0, 24));
    await expect(open(disk)).rejects.toThrow("not the whole beginning");
  });

  test("a damaged snapshot is an error that names the file", async () => {
    const disk = memoryDisk();
    const storage = await open(disk);
    await storage.save({ hardState: vote(1), entries: [entry(1, 1)] });
    await storage.saveSnapshot({ ...snapshotOf(1, 1), membership });
    const path = disk.paths()[0]!;
    const whole = disk.peek(path)!;
    for (let at = 0; at < whole.length; at++) {
      const bytes = whole.slice();
      bytes[at]! ^= 4;
      disk.poke(path, bytes);
      await expect(open(disk)).rejects.toThrow(path);
    }
    disk.poke(path, whole.slice(0, -1));
    await expect(open(disk)).rejects.toThrow("which is not what it says");
  });
});

// --- A crash at every operation ---------------------------------------------------------------

type Act =
  | { readonly kind: "save"; readonly batch: SaveBatch }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot };

/** Comparable text of what a master would start from. */
function textOf(state: Pick<Recovered, "hardState" | "entries" | "snapshot">): string {
  const base = state.snapshot?.index ?? 0;
  const kept = state.entries.filter((one) => one.index > base);
  const log = kept.map((one) => `${one.index}/${one.term}`).join(" ");
  return `${state.hardState.term} from ${base}: ${log}`;
}

interface Model {
  hardState: HardState;
  entries: readonly Entry[];
  snapshot: Snapshot | undefined;
}

/** Every state that a crash during an act may leave, the last being that of the act done. */
function statesDuring(model: Model, act: Act): Model[] {
  if (act.kind === "snapshot") return [model, { ...model, snapshot: act.snapshot }];
  const states = [model];
  const push = (change: Partial<Model>): void => void states.push({ ...states.at(-1)!, ...change });
  const { snapshot, hardState, entries } = act.batch;
  if (snapshot !== undefined) {
    const term = Math.max(model.hardState.term, snapshot.term);
    push({ snapshot, entries: [], hardState: { ...model.hardState, term } });
  }
  if (hardState !== undefined) push({ hardState });
  for (const one of entries) {
    const before = states.at(-1)!.entries.filter((other) => other.index < one.index);
    push({ entries: [...before, one] });
  }
  return states;
}

/** A plausible history: growing, overwriting, voting, own snapshots and a leader's. */
function makeActs(choices: readonly number[]): Act[] {
  const acts: Act[] = [];
  let term = 1;
  let base = 0;
  let last = 0;
  let lastTerm = 1;
  for (const choice of choices) {
    if (choice % 7 === 6 && last > base) {
      base = last;
      acts.push({ kind: "snapshot", snapshot: snapshotOf(last, lastTerm) });
      continue;
    }
    if (choice % 3 === 0) term++;
    if (choice % 7 === 5) {
      base = last + 3;
      last = base;
      lastTerm = term;
      const snapshot = snapshotOf(base, term);
      acts.push({ kind: "save", batch: { hardState: vote(term, base), snapshot, entries: [] } });
      continue;
    }
    const first = choice % 5 === 4 ? Math.max(base, last - 1) + 1 : last + 1;
    const count = choice % 4;
    const entries = Array.from({ length: count }, (_, at) => entry(first + at, term));
    if (count > 0) [last, lastTerm] = [first + count - 1, term];
    acts.push({ kind: "save", batch: { hardState: vote(term), entries } });
  }
  return acts;
}

/** Runs the acts until operation `crashAt` of the disk fails, recovers, and checks what is left. */
async function crashAndCheck(
  acts: readonly Act[],
  crashAt: number,
  torn: number,
): Promise<boolean> {
  const disk = memoryDisk();
  const storage = await open(disk, 120);
  let operations = 0;
  const error = new EngineError("DISK_FAILED", "power lost");
  disk.fault = ({ kind, bytes }) => {
    if (kind === "read" || kind === "list" || ++operations < crashAt) return undefined;
    return { error, writtenBytes: kind === "append" ? Math.floor(bytes * torn) : 0 };
  };
  let model: Model = { hardState: storage.recovered.hardState, entries: [], snapshot: undefined };
  let possible = [model];
  let crashed = false;
  for (const act of acts) {
    possible = statesDuring(model, act);
    try {
      if (act.kind === "save") await storage.save(act.batch);
      else await storage.saveSnapshot(act.snapshot);
    } catch {
      crashed = true;
      break;
    }
    model = possible.at(-1)!;
    possible = [model];
  }
  let left = disk.crash((_path, unsynced) => Math.floor(unsynced * torn));
  const { recovered } = await open(left, 120);
  expect(possible.map(textOf)).toContain(textOf(recovered));
  // And again: recovery itself leaves a folder that recovers to the same.
  left = left.crash();
  const again = await open(left, 120);
  expect(textOf(again.recovered)).toBe(textOf(recovered));
  // And work goes on from there.
  const last = recovered.entries.at(-1)?.index ?? recovered.snapshot?.index ?? 0;
  const next = entry(last + 1, recovered.hardState.term);
  await again.save({ entries: [next] });
  const { recovered: extended } = await open(left.crash(), 120);
  expect(textOf(extended)).toBe(textOf({ ...recovered, entries: [...recovered.entries, next] }));
  return crashed;
}

test("a crash at any operation of the disk loses nothing that was acknowledged", async () => {
  const choices = fc.array(fc.nat(419), { minLength: 3, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(choices, fc.double({ min: 0, max: 1, noNaN: true }), async (given, torn) => {
      const acts = makeActs(given);
      let crashAt = 1;
      while (await crashAndCheck(acts, crashAt, torn)) crashAt++;
      expect(crashAt).toBeGreaterThan(1);
    }),
    { numRuns: 60 },
  );
});
