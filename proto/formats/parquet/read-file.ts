// Reads a Parquet file: its footer once, then the wanted columns of the wanted row groups, as batches.

import { type Batch, makeBatch } from "../../batch/batch.ts";
import { EngineError } from "../../errors.ts";
import { CodesMemory } from "../../kernels/codes-memory.ts";
import {
  parquetFooterBytesMax,
  parquetGapBytesMax,
  parquetHeldBytesMax,
  parquetSampledEach,
  parquetTailBytes,
} from "../../limits/formats.ts";
import { batchRowsMax } from "../../limits.ts";
import type { Expr } from "../../plan/expr.ts";
import type { DataType, Field, Schema } from "../../plan/types.ts";
import { type Codec, type LendingUnpacker, lendingUnpackerOf } from "../compression/codecs.ts";
import { mayBeTrue } from "../pruning.ts";
import { assembleColumn, leavesOfPlan, planField, planMissing, type ReadPlan } from "./assemble.ts";
import { ChunkBytes, type ReadRange } from "./chunk-bytes.ts";
import { type ColumnArrays, LentArrays } from "./column-rooms.ts";
import { GroupRooms } from "./group-rooms.ts";
import { KnownFooters } from "./known-footers.ts";
import { type GroupMemory, type LeafEntries, LeafReader } from "./leaf-reader.ts";
import { type CodecName, decodeMetadata, type FileMetadata, type RowGroup } from "./metadata.ts";
import { schemaKey, withOwnTypes } from "./own-schema.ts";
import { PlannedTest, type RowFilter, selectedColumn, selectRows } from "./row-filter.ts";
import {
  columnsOfElements,
  type LeafNode,
  leavesOf,
  type ParquetNode,
  schemaOfColumns,
} from "./schema.ts";
import { rangeInGroup } from "./statistics.ts";

export interface ParquetInput {
  readonly uri: string;
  readonly sizeBytes: number;
  readonly read: ReadRange;
}

export interface ParquetFile {
  readonly input: ParquetInput;
  readonly metadata: FileMetadata;
  readonly columns: readonly ParquetNode[];
  readonly schema: Schema;
}

const magicBytes = 4;
const tailBytesMin = 8;

/** The same error, naming the file. */
export function inFile(uri: string, thrown: unknown): unknown {
  if (!(thrown instanceof EngineError) || thrown.details.file !== undefined) return thrown;
  if (thrown.code !== "INPUT_MALFORMED" && thrown.code !== "INPUT_UNREADABLE") return thrown;
  return new EngineError(
    thrown.code,
    `${uri} cannot be read as Parquet: ${thrown.message}`,
    { ...thrown.details, file: uri },
    thrown,
  );
}

function notParquet(what: string): EngineError {
  return new EngineError("INPUT_MALFORMED", what);
}

async function readTail({ sizeBytes, read }: ParquetInput): Promise<Uint8Array> {
  const smallest = magicBytes + tailBytesMin;
  if (sizeBytes < smallest) {
    throw notParquet(`it has ${sizeBytes} bytes, and the smallest such file has ${smallest}`);
  }
  const length = Math.min(sizeBytes, parquetTailBytes);
  const tail = await read(sizeBytes - length, length);
  if (tail.length !== length) throw notParquet("it became shorter since the job was planned");
  const magic = new TextDecoder("latin1").decode(tail.subarray(length - magicBytes));
  if (magic === "PARE") throw notParquet("its footer is encrypted, which is not supported");
  if (magic !== "PAR1") throw notParquet('it does not end with "PAR1"; is it complete?');
  return tail;
}

async function readFooter(input: ParquetInput): Promise<Uint8Array> {
  const { sizeBytes, read } = input;
  const tail = await readTail(input);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  const footerBytes = view.getUint32(tail.length - tailBytesMin, true);
  if (footerBytes > Math.min(sizeBytes - tailBytesMin, parquetFooterBytesMax)) {
    throw notParquet(`it says that its footer has ${footerBytes} bytes`);
  }
  const inTail = tail.length - tailBytesMin - footerBytes;
  if (inTail >= 0) return tail.subarray(inTail, tail.length - tailBytesMin);
  return read(sizeBytes - tailBytesMin - footerBytes, footerBytes);
}

/** What a damaged footer says of places and rows would leave out rows without a word. */
function checkGroups({ rowGroups, rows }: FileMetadata, sizeBytes: number, leaves: number): void {
  let sum = 0;
  for (const { chunks, rows: own } of rowGroups) {
    sum += own;
    if (chunks.length !== leaves || own < 0) {
      throw notParquet(`a row group of ${own} rows has ${chunks.length} of ${leaves} columns`);
    }
    for (const { startByte, compressedBytes } of chunks) {
      const isWithin = startByte >= magicBytes && compressedBytes >= 0;
      if (!isWithin || startByte + compressedBytes > sizeBytes - tailBytesMin) {
        throw notParquet(`${compressedBytes} bytes of a column lie outside it, at ${startByte}`);
      }
    }
  }
  if (sum !== rows) throw notParquet(`its row groups have ${sum} of ${rows} rows`);
}

type Footer = Omit<ParquetFile, "input">;

const knownFooters = new KnownFooters<Footer>();

function footerOf(bytes: Uint8Array, sizeBytes: number): Footer {
  const metadata = decodeMetadata(bytes);
  const columns = columnsOfElements(metadata.elements);
  const leaves = columns.reduce((sum, column) => sum + leavesOf(column).length, 0);
  checkGroups(metadata, sizeBytes, leaves);
  const { fields } = schemaOfColumns(columns);
  const schema = { fields: withOwnTypes(fields, metadata.keyValues.get(schemaKey)) };
  return { metadata, columns, schema };
}

/** Reads the footer. Throws INPUT_MALFORMED naming the file. */
export async function openParquet(input: ParquetInput): Promise<ParquetFile> {
  const { uri, sizeBytes } = input;
  try {
    const bytes = await readFooter(input);
    // By size as well: what a footer says of places is checked against it.
    const footer = knownFooters.of(`${sizeBytes} ${uri}`, bytes, () => footerOf(bytes, sizeBytes));
    return { input, ...footer };
  } catch (thrown) {
    throw inFile(input.uri, thrown);
  }
}

export interface ParquetSelection {
  /** The wanted columns; where the file has none of that name they are null. */
  readonly fields: readonly Field[];
  /** Row groups that it cannot be true of are left out. */
  readonly pruning?: Expr;
  /** All columns of the declared schema, which `pruning` may name. */
  readonly schema: Schema;
  /** Row groups of which the middle byte lies here. */
  readonly startByte: number;
  readonly endByte: number;
  /** Only some of them are read. */
  readonly sampled?: true;
  /** Rows that it leaves out are in no batch; of these some may be empty then, without any column. */
  readonly filter?: RowFilter;
  /** Whether nothing of batches so far is used any more once the next one is asked for: it may lie where they lay. */
  readonly letsGo?: () => boolean;
}

function extentOf(group: RowGroup): { readonly startByte: number; readonly endByte: number } {
  const { chunks } = group;
  let startByte = Number.POSITIVE_INFINITY;
  let endByte = 0;
  for (const chunk of chunks) {
    startByte = Math.min(startByte, chunk.startByte);
    endByte = Math.max(endByte, chunk.startByte + chunk.compressedBytes);
  }
  return { startByte: Math.min(startByte, endByte), endByte };
}

/** Row groups of a selection, in the file's order: each belongs to one range, by its middle byte. */
export function groupsOf(file: ParquetFile, selection: ParquetSelection): readonly RowGroup[] {
  const { pruning, schema } = selection;
  const { createdBy } = file.metadata;
  return file.metadata.rowGroups.filter((group) => {
    const { startByte, endByte } = extentOf(group);
    const middle = Math.floor((startByte + endByte) / 2);
    if (middle < selection.startByte || middle >= selection.endByte) return false;
    if (pruning === undefined) return true;
    return mayBeTrue(pruning, (name) => {
      const field = schema.fields.find((candidate) => candidate.name === name);
      const node = file.columns.find((column) => column.name === name);
      if (field === undefined) return undefined;
      if (node !== undefined) return rangeInGroup(node, field.type, group, createdBy);
      const nothing = { min: undefined, max: undefined, mayHaveNulls: true, mayHaveValues: false };
      return { type: field.type, ...nothing };
    });
  });
}

/** One from the middle of each few in a row, so that all parts of the file weigh alike. */
export function sampledGroups<Group>(groups: readonly Group[]): readonly Group[] {
  const sampled: Group[] = [];
  for (let start = 0; start < groups.length; start += parquetSampledEach) {
    const end = Math.min(start + parquetSampledEach, groups.length);
    sampled.push(groups[(start + end - 1) >> 1]!);
  }
  return sampled;
}

function codecOf(name: CodecName): Codec {
  if (name !== "lzo" && name !== "lz4") return name;
  throw new EngineError(
    "INPUT_MALFORMED",
    `it is compressed by ${name}, which is not supported; write it with snappy, zstd, gzip or lz4_raw`,
  );
}

interface Fetched {
  readonly startByte: number;
  readonly bytes: Uint8Array;
}

interface WantedLeaf {
  readonly leaf: LeafNode;
  readonly type: DataType;
  readonly startByte: number;
  readonly endByte: number;
  readonly values: number;
  readonly codec: CodecName;
}

function wantedLeaves(plans: readonly ReadPlan[], group: RowGroup): readonly WantedLeaf[] {
  const leaves = new Map<LeafNode, DataType>();
  for (const plan of plans) leavesOfPlan(plan, leaves);
  return [...leaves].map(([leaf, type]) => {
    const chunk = group.chunks[leaf.leaf];
    if (chunk === undefined) throw notParquet(`a row group lacks column "${leaf.name}"`);
    const { startByte, values, codec } = chunk;
    return { leaf, type, startByte, endByte: startByte + chunk.compressedBytes, values, codec };
  });
}

/** Neighbouring chunks in one request each; none where they are too large to be held at once. */
async function fetchAll(
  wanted: readonly WantedLeaf[],
  read: ReadRange,
  rooms: GroupRooms,
): Promise<readonly Fetched[]> {
  const total = wanted.reduce((sum, { startByte, endByte }) => sum + endByte - startByte, 0);
  if (total > parquetHeldBytesMax) return [];
  const ranges: { startByte: number; endByte: number }[] = [];
  for (const { startByte, endByte } of [...wanted].sort((a, b) => a.startByte - b.startByte)) {
    const last = ranges.at(-1);
    if (last !== undefined && startByte - last.endByte <= parquetGapBytesMax) {
      last.endByte = Math.max(last.endByte, endByte);
    } else ranges.push({ startByte, endByte });
  }
  return Promise.all(
    ranges.map(async ({ startByte, endByte }) => {
      const bytes = await read(startByte, endByte - startByte, (length) => rooms.take(length));
      if (bytes.length === endByte - startByte) return { startByte, bytes };
      throw new EngineError(
        "INPUT_UNREADABLE",
        `it ends at byte ${startByte + bytes.length}, within columns that its footer promises`,
        { byteOffset: startByte + bytes.length },
      );
    }),
  );
}

interface OpenGroup {
  readonly group: RowGroup;
  readonly readers: ReadonlyMap<LeafNode, LeafReader>;
  /** Of all bytes of it that columns do not keep. */
  readonly memory: GroupMemory;
}

async function openGroup(
  file: ParquetFile,
  group: RowGroup,
  plans: readonly ReadPlan[],
): Promise<OpenGroup> {
  const { read } = file.input;
  const wanted = wantedLeaves(plans, group);
  const memory = { rooms: new GroupRooms(), codes: new CodesMemory() };
  const fetched = await fetchAll(wanted, read, memory.rooms);
  const windowBytes = Math.max(
    64 * 1024,
    Math.floor(parquetHeldBytesMax / Math.max(1, wanted.length)),
  );
  const unpackers = new Map<CodecName, LendingUnpacker>();
  const readers = new Map<LeafNode, LeafReader>();
  for (const { leaf, type, startByte, endByte, values, codec } of wanted) {
    const unpack = unpackers.get(codec) ?? (await lendingUnpackerOf(codecOf(codec)));
    unpackers.set(codec, unpack);
    const whole = fetched.find(
      (range) => range.startByte <= startByte && endByte <= range.startByte + range.bytes.length,
    );
    const held = whole?.bytes.subarray(startByte - whole.startByte, endByte - whole.startByte);
    const bytes = new ChunkBytes(read, { startByte, endByte }, windowBytes, held);
    readers.set(leaf, new LeafReader(leaf, type, { values }, bytes, unpack, memory));
  }
  return { group, readers, memory };
}

/** What is read of a file. */
interface Reading {
  readonly plans: readonly ReadPlan[];
  readonly tests: readonly PlannedTest[];
  readonly filter: RowFilter | undefined;
  readonly letsGo: (() => boolean) | undefined;
}

/** The next rows of a row group, or those of them that are wanted. */
async function nextBatch(
  { readers }: OpenGroup,
  { plans, tests, filter }: Reading,
  rows: number,
  arrays: ColumnArrays | undefined,
): Promise<Batch> {
  const entries = new Map<LeafNode, LeafEntries>();
  const entriesOf = (leaf: LeafNode): LeafEntries => entries.get(leaf)!;
  const read = async (plan: ReadPlan): Promise<void> => {
    for (const leaf of leavesOfPlan(plan).keys()) {
      if (!entries.has(leaf)) entries.set(leaf, await readers.get(leaf)!.take(rows));
    }
  };
  const wanted = filter === undefined ? undefined : await selectRows(tests, rows, read, entriesOf);
  if (wanted !== undefined) filter?.leaveOut(rows - wanted.length);
  if (wanted?.length === 0) {
    for (const [leaf, reader] of readers) if (!entries.has(leaf)) await reader.skip(rows);
    return { shape: "record", rows: 0, columns: [] };
  }
  for (const plan of plans) await read(plan);
  if (filter === undefined || wanted === undefined) {
    const columns = plans.map((plan) => assembleColumn(plan, entriesOf, rows, arrays));
    return { ...makeBatch("record", columns), rows };
  }
  const columns = plans.map((plan) =>
    selectedColumn(plan, entriesOf, rows, wanted, filter, arrays),
  );
  return { ...makeBatch("record", columns), rows: wanted.length };
}

async function* batchesOf(open: OpenGroup, reading: Reading): AsyncGenerator<Batch> {
  const { letsGo = () => false } = reading;
  const lent = new LentArrays();
  for (let done = 0; done < open.group.rows; ) {
    const rows = Math.min(batchRowsMax, open.group.rows - done);
    // What others keep is to be no larger than it has to be.
    yield await nextBatch(open, reading, rows, letsGo() ? lent : undefined);
    if (letsGo()) lent.free();
    else lent.leave();
    done += rows;
  }
}

function planOf(file: ParquetFile, field: Field): ReadPlan {
  const node = file.columns.find(({ name }) => name === field.name);
  return node === undefined ? planMissing(field) : planField(node, field);
}

/**
 * The rows of a selection as batches of at most `batchRowsMax` rows; the next row group is fetched while
 * one is decoded. Throws INPUT_MALFORMED naming the file.
 */
export async function* readParquet(
  file: ParquetFile,
  selection: ParquetSelection,
): AsyncGenerator<Batch> {
  try {
    const { fields, filter, letsGo } = selection;
    const plans = fields.map((field) => planOf(file, field));
    const tests = (filter?.tests ?? []).map(
      (test) => new PlannedTest(test, planOf(file, test.field)),
    );
    const wanted = [...plans, ...tests.map(({ plan }) => plan)];
    const reading = { plans, tests, filter, letsGo };
    const all = groupsOf(file, selection);
    const groups = selection.sampled === true ? sampledGroups(all) : all;
    let ahead: Promise<OpenGroup> | undefined;
    for (const [index, group] of groups.entries()) {
      const open = await (ahead ?? openGroup(file, group, wanted));
      const next = groups[index + 1];
      ahead = next === undefined ? undefined : openGroup(file, next, wanted);
      // Its failure is met when its turn comes, which may be never.
      ahead?.catch(() => undefined);
      try {
        yield* batchesOf(open, reading);
      } finally {
        open.memory.codes.free();
      }
      // Not where a consumer leaves: what is fetched ahead may yet be written to.
      open.memory.rooms.free();
    }
  } catch (thrown) {
    throw inFile(file.input.uri, thrown);
  }
}
