// The write-ahead log: segments in a folder, appended in batches of one write and one sync.

import { assert } from "../../proto/errors.ts";
import type { ClusterId } from "../../proto/ids.ts";
import { walReserveBytes, walSegmentBytesMax } from "../../proto/limits/raft.ts";
import type { AppendFile, Disk } from "../../proto/ports/disk.ts";
import type { HardState, Snapshot } from "../raft/entry.ts";
import { encodeBatch, type WalRecord } from "./record.ts";
import { combine, lastOf, newReplay, type Recovered, type Replayed, replay } from "./replay.ts";
import {
  corrupt,
  readSegment,
  type SegmentContents,
  segmentName,
  segmentPrefix,
  sequenceOf,
  walFolder,
  walVersion,
} from "./segment.ts";
import { checkCluster } from "./snapshot-files.ts";

export interface Wal {
  /** One write, one sync. Calls must not overlap. */
  append(records: readonly WalRecord[]): Promise<void>;
  /** Removes segments all of whose entries a snapshot of `index` covers. */
  prune(index: number): Promise<void>;
  close(): Promise<void>;
}

interface Segment {
  readonly path: string;
  readonly sequence: number;
  /** Highest index of any entry in it. */
  maxIndex: number;
}

interface State {
  readonly disk: Disk;
  readonly clusterId: ClusterId;
  readonly segmentBytesMax: number;
  /** Oldest first; the last one is being written. */
  readonly segments: Segment[];
  file: AppendFile | undefined;
  chain: number;
  last: { index: number; term: number };
  hardState: HardState;
  isMarked: boolean;
}

export async function openWal(
  disk: Disk,
  clusterId: ClusterId,
  snapshot: Snapshot | undefined,
  segmentBytesMax = walSegmentBytesMax,
): Promise<{ wal: Wal; recovered: Recovered }> {
  const read = await readAll(disk, clusterId);
  const firstPath = read.segments[0]?.path ?? walFolder;
  if (read.segments.length === 0 && snapshot !== undefined) {
    throw corrupt(walFolder, 0, "it is empty although there is a snapshot, so votes may be lost");
  }
  const { recovered, needsReset } = combine(read.state, snapshot, firstPath, read.mayLackEnd);
  const logEnd = lastOf(read.state);
  const state: State = {
    ...{ disk, clusterId, segmentBytesMax },
    segments: read.segments,
    file: undefined,
    chain: read.chain,
    last: { index: logEnd.index, term: logEnd.term ?? 0 },
    hardState: recovered.hardState,
    isMarked: true,
  };
  await reopenLast(state, read.last);
  if (needsReset && snapshot !== undefined) {
    const { index, term } = snapshot;
    const { hardState } = recovered;
    await append(state, [
      { type: "reset", index, term },
      { type: "hardState", hardState },
    ]);
  } else if (recovered.hardState.commit < read.state.hardState.commit) {
    // It spoke of entries that were torn away with it. Later batches must not seem to have lost them.
    await append(state, [{ type: "hardState", hardState: recovered.hardState }]);
  }
  return { wal: faceOf(state), recovered };
}

function faceOf(state: State): Wal {
  return {
    append: (records) => append(state, records),
    prune: (index) => prune(state, index),
    close: async () => {
      // From here on, damage to what was just written can be told from a torn write.
      if (!state.isMarked) await append(state, [{ type: "mark" }]);
      await state.file?.close();
    },
  };
}

interface ReadAll {
  readonly segments: Segment[];
  readonly state: Replayed;
  readonly chain: number;
  readonly last: SegmentContents | undefined;
  /** A crash may have kept the last hard state without the entries that it speaks of. */
  readonly mayLackEnd: boolean;
}

async function readAll(disk: Disk, clusterId: ClusterId): Promise<ReadAll> {
  const names = (await disk.list(walFolder)).filter((name) => sequenceOf(name) !== undefined);
  names.sort((a, b) => (a < b ? -1 : 1));
  const state = newReplay();
  const segments: Segment[] = [];
  let chain: number | undefined =
    names[0] !== undefined && sequenceOf(names[0]) === 1 ? 0 : undefined;
  let last: SegmentContents | undefined;
  let mayLackEnd = false;
  for (const [position, name] of names.entries()) {
    const path = `${walFolder}/${name}`;
    const sequence = sequenceOf(name)!;
    const before = segments.at(-1)?.sequence;
    if (before !== undefined && sequence !== before + 1) {
      throw corrupt(
        path,
        0,
        `the segment before it is missing: ${before} comes before ${sequence}`,
      );
    }
    const bytes = (await disk.read(path)) ?? new Uint8Array(0);
    const contents = readSegment(path, bytes, chain);
    const isLast = position === names.length - 1;
    if (contents.damage !== undefined) {
      if (!isLast || contents.damage.isAcknowledged) {
        throw corrupt(path, contents.goodBytes, contents.damage.what);
      }
      mayLackEnd = contents.version < walVersion;
    }
    if (contents.records.length === 0) {
      // Formats 1 and 2 left this when the crash came while it was being created.
      if (contents.version >= walVersion) throw corrupt(path, 0, "it holds nothing");
      await disk.remove(path);
      break;
    }
    mayLackEnd ||= isHardStateLast(contents);
    checkFirst(path, contents, sequence, clusterId);
    segments.push({ path, sequence, maxIndex: replaySegment(state, contents, path, segments) });
    chain = contents.chain;
    last = contents;
  }
  return { segments, state, chain: chain ?? 0, last, mayLackEnd };
}

function isHardStateLast({ records, offsets, lastBatchStart }: SegmentContents): boolean {
  const at = records.findLastIndex((record) => record.type === "hardState");
  return at >= 0 && offsets[at]! >= lastBatchStart;
}

function checkFirst(
  path: string,
  contents: SegmentContents,
  sequence: number,
  clusterId: ClusterId,
): void {
  const first = contents.records[0];
  if (first?.type !== "segment" || first.sequence !== sequence) {
    throw corrupt(path, segmentPrefix.length, `it does not say that it is segment ${sequence}`);
  }
  checkCluster(path, first.clusterId, clusterId);
}

function replaySegment(
  state: Replayed,
  contents: SegmentContents,
  path: string,
  before: readonly Segment[],
): number {
  let maxIndex = 0;
  for (const [at, record] of contents.records.entries()) {
    replay(state, record, before.length === 0 && at === 0, path, contents.offsets[at]!);
    maxIndex = Math.max(maxIndex, lastOf(state).index);
  }
  return maxIndex;
}

/** Clears a torn tail, and syncs: what a dead process wrote may be readable but not yet durable. */
async function reopenLast(state: State, last: SegmentContents | undefined): Promise<void> {
  const segment = state.segments.at(-1);
  if (segment === undefined || last === undefined) {
    await beginSegment(state);
    return;
  }
  const { goodBytes, version, damage } = last;
  const file = await state.disk.openAppend(segment.path, goodBytes);
  state.file = file;
  if (version < walVersion) {
    // It had no reserve, and gets none: the next batch begins a segment of this format.
    if (damage !== undefined) await file.truncate(goodBytes);
    await file.sync();
    await beginSegment(state);
    return;
  }
  if (damage !== undefined) await file.reserve(file.reservedBytes());
  else await file.sync();
}

async function append(state: State, records: readonly WalRecord[]): Promise<void> {
  assert(state.file !== undefined, "the log was closed");
  if (state.file.sizeBytes() >= state.segmentBytesMax) await beginSegment(state);
  const file = state.file;
  const batch = encodeBatch(records, file.sizeBytes(), state.chain);
  await reserveFor(file, batch.bytes.length);
  await file.append(batch.bytes);
  await file.sync();
  state.chain = batch.chain;
  for (const record of records) note(state, record);
}

/** So that a zero follows whatever is written. Large batches come in a row, and need it less often. */
async function reserveFor(file: AppendFile, bytes: number): Promise<void> {
  if (file.reservedBytes() > bytes) return;
  const end = roundUp(file.sizeBytes() + bytes * reservedBatches + 1);
  await file.reserve(end - file.sizeBytes());
}

const reservedBatches = 4;

function roundUp(bytes: number): number {
  return Math.ceil(bytes / walReserveBytes) * walReserveBytes;
}

/** Whole or not at all, so that a crash leaves no segment that does not say what it is. */
async function beginSegment(state: State): Promise<void> {
  await state.file?.close();
  const sequence = (state.segments.at(-1)?.sequence ?? 0) + 1;
  const path = `${walFolder}/${segmentName(sequence, state.last.index + 1)}`;
  state.segments.push({ path, sequence, maxIndex: state.last.index });
  const batch = encodeBatch(segmentOpening(state), 0, state.chain);
  const sizeBytes = segmentPrefix.length + batch.bytes.length;
  const bytes = new Uint8Array(roundUp(sizeBytes + 1));
  bytes.set(segmentPrefix);
  bytes.set(batch.bytes, segmentPrefix.length);
  await state.disk.writeAtomic(path, bytes);
  state.file = await state.disk.openAppend(path, sizeBytes);
  state.chain = batch.chain;
}

/** Enough for a segment to stand first, once those before it are gone. */
function segmentOpening(state: State): readonly WalRecord[] {
  const { clusterId, hardState, last } = state;
  const sequence = state.segments.at(-1)!.sequence;
  return [
    { type: "segment", clusterId, sequence, lastIndex: last.index, lastTerm: last.term },
    { type: "hardState", hardState },
  ];
}

function note(state: State, record: WalRecord): void {
  const segment = state.segments.at(-1)!;
  state.isMarked = record.type === "mark";
  if (record.type === "hardState") state.hardState = record.hardState;
  else if (record.type === "reset") state.last = { index: record.index, term: record.term };
  else if (record.type === "entry") {
    state.last = { index: record.entry.index, term: record.entry.term };
  }
  segment.maxIndex = Math.max(segment.maxIndex, state.last.index);
}

async function prune(state: State, index: number): Promise<void> {
  // From the oldest on, so that what is left never has a hole.
  while (state.segments.length > 1 && state.segments[0]!.maxIndex <= index) {
    const path = state.segments[0]!.path;
    state.segments.shift();
    await state.disk.remove(path);
  }
}
