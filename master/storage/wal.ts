// The write-ahead log: segments in a folder, appended in batches of one write and one sync.

import type { ClusterId } from "../../proto/ids.ts";
import { walSegmentBytesMax } from "../../proto/limits.ts";
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
  const { recovered, needsReset } = combine(read.state, snapshot, firstPath, read.wasCut);
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
  await reopenLast(state, read.goodBytes);
  if (needsReset && snapshot !== undefined) {
    const { index, term } = snapshot;
    const { hardState } = recovered;
    await append(state, [
      { type: "reset", index, term },
      { type: "hardState", hardState },
    ]);
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
  /** Good bytes in the last segment. */
  readonly goodBytes: number;
  readonly wasCut: boolean;
}

async function readAll(disk: Disk, clusterId: ClusterId): Promise<ReadAll> {
  const names = (await disk.list(walFolder)).filter((name) => sequenceOf(name) !== undefined);
  names.sort((a, b) => (a < b ? -1 : 1));
  const state = newReplay();
  const segments: Segment[] = [];
  let chain: number | undefined =
    names[0] !== undefined && sequenceOf(names[0]) === 1 ? 0 : undefined;
  let goodBytes = 0;
  let wasCut = false;
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
      wasCut = true;
    }
    if (contents.records.length === 0) {
      // The crash came while it was being created, so nothing in it was ever acknowledged.
      await disk.remove(path);
      break;
    }
    checkFirst(path, contents, sequence, clusterId);
    segments.push({ path, sequence, maxIndex: replaySegment(state, contents, path, segments) });
    chain = contents.chain;
    goodBytes = contents.goodBytes;
  }
  return { segments, state, chain: chain ?? 0, goodBytes, wasCut };
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

/** Cuts a torn tail, and syncs: what a dead process wrote may be readable but not yet durable. */
async function reopenLast(state: State, goodBytes: number): Promise<void> {
  const segment = state.segments.at(-1);
  if (segment === undefined) {
    await append(state, []);
    return;
  }
  state.file = await state.disk.openAppend(segment.path);
  if (state.file.sizeBytes() > goodBytes) await state.file.truncate(goodBytes);
  await state.file.sync();
}

async function append(state: State, records: readonly WalRecord[]): Promise<void> {
  const isFull = state.file === undefined || state.file.sizeBytes() >= state.segmentBytesMax;
  const file = isFull ? await beginSegment(state) : state.file!;
  const all = isFull ? [...segmentOpening(state), ...records] : records;
  const batch = encodeBatch(all, file.sizeBytes(), state.chain);
  await file.append(isFull ? joined(segmentPrefix, batch.bytes) : batch.bytes);
  await file.sync();
  state.chain = batch.chain;
  for (const record of records) note(state, record);
}

async function beginSegment(state: State): Promise<AppendFile> {
  await state.file?.close();
  const sequence = (state.segments.at(-1)?.sequence ?? 0) + 1;
  const path = `${walFolder}/${segmentName(sequence, state.last.index + 1)}`;
  state.file = await state.disk.openAppend(path);
  state.segments.push({ path, sequence, maxIndex: state.last.index });
  return state.file;
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

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
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
