// What a master keeps on disk for Raft: log, term and vote, snapshots of the state machine.

import { assert, EngineError, toEngineError } from "../../proto/errors.ts";
import type { ClusterId } from "../../proto/ids.ts";
import { raftSavesInflightMax, walSegmentBytesMax } from "../../proto/limits/raft.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import type { Entry, HardState, Snapshot } from "../raft/entry.ts";
import type { WalRecord } from "./record.ts";
import type { Recovered } from "./replay.ts";
import { loadNewestSnapshot, type Pause, writeSnapshot } from "./snapshot-files.ts";
import { openWal, type Wal } from "./wal.ts";

/** A `Ready` is one. */
export interface SaveBatch {
  readonly hardState?: HardState | undefined;
  /** From a leader: replaces the whole log. */
  readonly snapshot?: Snapshot | undefined;
  /** An entry replaces a saved one of the same index and all that followed it. */
  readonly entries: readonly Entry[];
}

/** After any failure everything is refused: a disk that failed once cannot be believed again. */
export interface RaftStorage {
  /** What was on disk when it was opened. */
  readonly recovered: Recovered;
  /** Bytes of entries since the last snapshot: when to take the next. */
  logBytes(): number;
  /**
   * Resolves when the batch is durable. May be called again before that: batches that wait while
   * the disk is busy share one write and one sync, and their promises resolve in order.
   */
  save(batch: SaveBatch): Promise<void>;
  /** Of our own state machine, at an applied index. Then removes what it makes superfluous. */
  saveSnapshot(snapshot: Snapshot): Promise<void>;
  /** Waits for saves under way. */
  close(): Promise<void>;
}

interface Waiting {
  readonly batch: SaveBatch;
  readonly resolve: () => void;
  readonly reject: (error: EngineError) => void;
}

interface State {
  readonly disk: Disk;
  readonly clusterId: ClusterId;
  readonly wal: Wal;
  readonly pause: Pause;
  readonly waiting: Waiting[];
  worker: Promise<void> | undefined;
  failure: EngineError | undefined;
  logBytes: number;
}

export interface RaftStorageOptions {
  /** For tests: small segments show what happens between them. */
  readonly segmentBytesMax?: number | undefined;
  /** Lets others run between slices of the work on a large snapshot; by default nobody. */
  readonly pause?: Pause;
}

export async function openRaftStorage(
  disk: Disk,
  clusterId: ClusterId,
  options: RaftStorageOptions = {},
): Promise<RaftStorage> {
  const { segmentBytesMax = walSegmentBytesMax, pause = async () => {} } = options;
  const snapshot = await loadNewestSnapshot(disk, clusterId);
  const { wal, recovered } = await openWal(disk, clusterId, snapshot, segmentBytesMax);
  const state: State = {
    ...{ disk, clusterId, wal, pause },
    waiting: [],
    worker: undefined,
    failure: undefined,
    logBytes: bytesOf(recovered.entries),
  };
  return {
    recovered,
    logBytes: () => state.logBytes,
    save: (batch) => save(state, batch),
    saveSnapshot: (taken) => guarded(state, () => saveSnapshot(state, taken)),
    close: () =>
      guarded(state, async () => {
        await state.worker;
        await wal.close();
        state.failure = new EngineError("DISK_FAILED", "the log of this master was closed");
      }),
  };
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.data.length, 0);
}

/** Runs something with the disk unless it failed before, and remembers when it fails. */
async function guarded(state: State, run: () => Promise<void>): Promise<void> {
  if (state.failure !== undefined) throw state.failure;
  try {
    await run();
  } catch (thrown) {
    state.failure ??= toEngineError(thrown);
    throw thrown;
  }
}

function save(state: State, batch: SaveBatch): Promise<void> {
  if (state.failure !== undefined) return Promise.reject(state.failure);
  const count = state.waiting.length;
  assert(count < raftSavesInflightMax, `${count} saves wait for the disk: the core allows fewer`);
  return new Promise((resolve, reject) => {
    state.waiting.push({ batch, resolve, reject });
    state.worker ??= work(state);
  });
}

async function work(state: State): Promise<void> {
  // One turn later, so that all saves of this turn share the first write.
  await Promise.resolve();
  while (state.waiting.length > 0) {
    const group = takeGroup(state.waiting);
    try {
      await guarded(state, () => saveGroup(state, group));
    } catch (thrown) {
      const error = toEngineError(thrown);
      for (const { reject } of [...group, ...state.waiting.splice(0)]) reject(error);
      break;
    }
    for (const { resolve } of group) resolve();
  }
  state.worker = undefined;
}

/** As many waiting saves as fit one segment, but at least one. */
function takeGroup(waiting: Waiting[]): readonly Waiting[] {
  let bytes = 0;
  let count = 0;
  for (const { batch } of waiting) {
    bytes += bytesOf(batch.entries);
    if (bytes > walSegmentBytesMax && count > 0) break;
    count++;
  }
  return waiting.splice(0, count);
}

async function saveGroup(state: State, group: readonly Waiting[]): Promise<void> {
  const records: WalRecord[] = [];
  let installed: Snapshot | undefined;
  for (const { batch } of group) {
    if (batch.snapshot !== undefined) {
      installed = batch.snapshot;
      const { index, term } = installed;
      records.push({ type: "reset", index, term });
      state.logBytes = 0;
    }
    // Before the entries: a torn write must not leave entries of a term that we do not know.
    const { hardState } = batch;
    if (hardState !== undefined) records.push({ type: "hardState", hardState });
    for (const entry of batch.entries) records.push({ type: "entry", entry });
    state.logBytes += bytesOf(batch.entries);
  }
  // Before the log names it. Recovery understands a snapshot that the log does not name yet.
  if (installed !== undefined)
    await writeSnapshot(state.disk, state.clusterId, installed, state.pause);
  if (records.length > 0) await state.wal.append(records);
  if (installed !== undefined) await state.wal.prune(installed.index);
}

async function saveSnapshot(state: State, snapshot: Snapshot): Promise<void> {
  const bytesBefore = state.logBytes;
  await writeSnapshot(state.disk, state.clusterId, snapshot, state.pause);
  await state.wal.prune(snapshot.index);
  // What was saved while the snapshot was being written counts towards the next one.
  state.logBytes = Math.max(0, state.logBytes - bytesBefore);
}
