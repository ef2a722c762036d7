// Reads one column chunk page by page and hands out its values for as many rows as are asked for.

import type { TextColumn } from "../../batch/column.ts";
import type { EngineError } from "../../errors.ts";
import type { CodesMemory } from "../../kernels/codes-memory.ts";
import { pageBytesMax } from "../../limits/formats.ts";
import type { DataType } from "../../plan/types.ts";
import type { LendingUnpacker } from "../compression/codecs.ts";
import type { ChunkBytes } from "./chunk-bytes.ts";
import { convertStored } from "./convert.ts";
import { type Dense, denseLength, joinDense, sliceDense, type Written } from "./dense.ts";
import type { GroupRooms } from "./group-rooms.ts";
import { encodings } from "./metadata.ts";
import { headOf, type PageHead } from "./page-head.ts";
import { PageRooms } from "./page-rooms.ts";
import { bitsFor, isOneRun, readRuns } from "./runs.ts";
import type { LeafNode } from "./schema.ts";
import { damagedThrift } from "./thrift-read.ts";
import { type PageBytes, pageCodes, pageValues, plainValues } from "./values.ts";

/** Entries of a leaf for some rows. A level that is not given is the same for all: the highest. */
export interface LeafEntries {
  readonly count: number;
  readonly definitions: Uint8Array | undefined;
  /** Undefined where nothing repeats. */
  readonly repetitions: Uint8Array | undefined;
  /** One for each entry of the highest definition. */
  readonly values: Dense;
}

const firstHeadBytes = 4096;

/** No values, of the kind that a type is stored in. */
function noValues(type: DataType): Written {
  switch (type.kind) {
    case "int32":
    case "date":
    case "null":
      return { kind: "int32", values: new Int32Array(0) };
    case "int53":
    case "int64":
    case "timestamp":
      return { kind: "int64", values: new BigInt64Array(0), words: 1 };
    case "decimal":
      return { kind: "int64", values: new BigInt64Array(0), words: type.precision > 18 ? 2 : 1 };
    case "float64":
      return { kind: "float64", values: new Float64Array(0) };
    case "bool":
      return { kind: "bool", values: new Uint8Array(0) };
    default:
      return { kind: "bytes", offsets: new Int32Array(1), values: new Uint8Array(0) };
  }
}

type Dictionary =
  | { readonly kind: "text"; readonly text: TextColumn }
  | { readonly kind: "values"; readonly values: Written };

interface Page {
  readonly entries: LeafEntries;
  /** Where the next entry and its value stand. */
  entry: number;
  value: number;
}

/** Of a row group, until it is read. */
export interface GroupMemory {
  readonly rooms: GroupRooms;
  readonly codes: CodesMemory;
}

const isCoded = (encoding: number): boolean =>
  encoding === encodings.rleDictionary || encoding === encodings.plainDictionary;

export class LeafReader {
  private readonly leaf: LeafNode;
  private readonly wanted: DataType;
  private readonly bytes: ChunkBytes;
  private readonly unpacker: LendingUnpacker;
  private readonly rooms: GroupRooms;
  private readonly pageRooms: PageRooms;
  /** Entries of the chunk that are in no page yet. */
  private left: number;
  private dictionary: Dictionary | undefined;
  private page: Page | undefined;

  constructor(
    leaf: LeafNode,
    wanted: DataType,
    chunk: { readonly values: number },
    bytes: ChunkBytes,
    unpacker: LendingUnpacker,
    { rooms, codes }: GroupMemory,
  ) {
    this.rooms = rooms;
    this.pageRooms = new PageRooms(codes);
    this.leaf = leaf;
    this.wanted = wanted;
    this.bytes = bytes;
    this.unpacker = unpacker;
    this.left = chunk.values;
  }

  /** The entries of the next `rows` rows, whose codes are valid until more are asked for. */
  async take(rows: number): Promise<LeafEntries> {
    const { leaf } = this;
    this.pageRooms.startBatch();
    const parts: LeafEntries[] = [];
    let wanted = rows;
    for (;;) {
      const page = await this.currentPage();
      if (page === undefined) break;
      const { entries } = page;
      const to = endOfRows(entries, page.entry, wanted);
      const part = cut(entries, page, to, leaf);
      parts.push(part);
      wanted -= rowsIn(part);
      // A row that repeats may go on in the next page.
      if (to < entries.count || (wanted === 0 && entries.repetitions === undefined)) break;
    }
    if (wanted > 0) throw this.lacksRows(wanted);
    return join(parts, this.wanted, leaf);
  }

  /** Passes the next `rows` rows: pages that hold no others are not unpacked. */
  async skip(rows: number): Promise<void> {
    const { leaf } = this;
    if (leaf.repetition > 0) {
      await this.take(rows);
      return;
    }
    this.pageRooms.startBatch();
    for (let wanted = rows; wanted > 0; ) {
      const { page } = this;
      if (page !== undefined && page.entry < page.entries.count) {
        wanted -= cut(page.entries, page, endOfRows(page.entries, page.entry, wanted), leaf).count;
      } else if (this.left === 0) throw this.lacksRows(wanted);
      else wanted -= await this.nextPage(wanted);
    }
  }

  private lacksRows(rows: number): EngineError {
    return damagedThrift(`column "${this.leaf.name}" has ${rows} rows less than its row group`);
  }

  private async currentPage(): Promise<Page | undefined> {
    while (this.page === undefined || this.page.entry === this.page.entries.count) {
      if (this.left === 0) return undefined;
      await this.nextPage(0);
    }
    return this.page;
  }

  private async readHead(): Promise<PageHead> {
    for (let bytes = firstHeadBytes; ; bytes *= 8) {
      const held = await this.bytes.peek(bytes);
      try {
        return headOf(held);
      } catch (thrown) {
        // Its statistics may make a head longer than what was looked at.
        if (held.length < bytes || this.bytes.left <= bytes) throw thrown;
      }
    }
  }

  /** Begins the next page, or passes it where it has no more than `passedMax` values; answers how many it passed. */
  private async nextPage(passedMax: number): Promise<number> {
    const head = await this.readHead();
    const { packedBytes, unpackedBytes } = head;
    const largest = Math.max(packedBytes, unpackedBytes);
    if (largest > pageBytesMax || Math.min(packedBytes, unpackedBytes, head.values) < 0) {
      throw damagedThrift(`a page of ${largest} bytes and ${head.values} values`);
    }
    const total = head.headBytes + packedBytes;
    if (total > this.bytes.left) throw damagedThrift("a page that ends behind its column");
    const held = await this.bytes.peek(total);
    const packed = held.subarray(head.headBytes, total);
    this.bytes.pass(total);
    const isOfRows = head.kind === "v1" || head.kind === "v2";
    if (isOfRows && head.values > this.left) {
      throw damagedThrift("a page with more values than its column");
    }
    if (isOfRows && head.values <= passedMax) {
      this.left -= head.values;
      return head.values;
    }
    switch (head.kind) {
      case "dictionary":
        this.dictionary = this.dictionaryOf(head, this.unpacked(packed, unpackedBytes));
        break;
      case "v1":
        this.startPage(head, this.unpackedPage(head, packed, unpackedBytes));
        break;
      case "v2":
        this.startVersion2(head, packed);
        break;
      case "other":
        break;
    }
    return 0;
  }

  private unpacked(packed: Uint8Array, size: number): PageBytes {
    const { lends, unpack } = this.unpacker;
    return { bytes: unpack(packed, size), isLent: lends };
  }

  /** Codes are unpacked where they are read. */
  private unpackedPage({ encoding }: PageHead, packed: Uint8Array, size: number): PageBytes {
    const { unpackTo } = this.unpacker;
    // What a damaged page says of its levels may be more than all of it.
    const isHere = unpackTo !== undefined && isCoded(encoding) && size >= 0;
    const at = isHere ? this.pageRooms.take(size) : undefined;
    if (unpackTo === undefined || at === undefined) return this.unpacked(packed, size);
    return { bytes: unpackTo(this.pageRooms.memory, at, packed, size), isLent: true };
  }

  private dictionaryOf(head: PageHead, page: PageBytes): Dictionary {
    const stored = plainValues(this.leaf.element, page, head.values, this.rooms);
    const values = convertStored(stored, this.leaf, this.wanted);
    if (values.kind !== "bytes" || this.wanted.kind !== "utf8") return { kind: "values", values };
    const base = { name: this.leaf.name, nulls: "null", validity: undefined } as const;
    const { offsets } = values;
    const text = { ...base, type: "utf8", offsets, values: values.values } as const;
    return { kind: "text", text: { ...text, length: head.values } };
  }

  private startVersion2(head: PageHead, packed: Uint8Array): void {
    const levels = head.definitionBytes + head.repetitionBytes;
    if (levels > packed.length) throw damagedThrift("levels that are longer than their page");
    const rest = packed.subarray(levels);
    const isPacked = head.isPacked && rest.length > 0;
    const values: PageBytes = isPacked
      ? this.unpackedPage(head, rest, head.unpackedBytes - levels)
      : { bytes: rest, isLent: true };
    const { definition, repetition } = this.leaf;
    const read = (from: number, to: number, most: number) =>
      levelsOf(packed, from, to, most, head.values);
    const { repetitionBytes } = head;
    const repetitions = repetition > 0 ? read(0, repetitionBytes, repetition) : undefined;
    const definitions = definition > 0 ? read(repetitionBytes, levels, definition) : undefined;
    this.setPage(head, definitions, repetitions, values);
  }

  private startPage(head: PageHead, { bytes, isLent }: PageBytes): void {
    const { definition, repetition } = this.leaf;
    let at = 0;
    const read = (most: number): Uint8Array | undefined => {
      if (at + 4 > bytes.length) throw damagedThrift("levels that are longer than their page");
      const length =
        bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
      const from = at + 4;
      at = from + length;
      if (length < 0 || at > bytes.length) throw damagedThrift("levels longer than their page");
      return levelsOf(bytes, from, at, most, head.values);
    };
    const repetitions =
      repetition > 0 ? (read(repetition) ?? filled(head.values, repetition)) : undefined;
    const definitions = definition > 0 ? read(definition) : undefined;
    this.setPage(head, definitions, repetitions, { bytes: bytes.subarray(at), isLent });
  }

  private setPage(
    head: PageHead,
    definitions: Uint8Array | undefined,
    repetitions: Uint8Array | undefined,
    page: PageBytes,
  ): void {
    const { leaf } = this;
    this.left -= head.values;
    const count = definitions === undefined ? head.values : countOf(definitions, leaf.definition);
    const values = this.valuesOf(head.encoding, page, count);
    const repeated =
      leaf.repetition > 0 ? (repetitions ?? filled(head.values, leaf.repetition)) : undefined;
    const entries = { count: head.values, definitions, repetitions: repeated, values };
    this.page = { entries, entry: 0, value: 0 };
  }

  private valuesOf(encoding: number, page: PageBytes, count: number): Dense {
    if (count === 0) return noValues(this.wanted);
    if (isCoded(encoding)) {
      const { dictionary } = this;
      if (dictionary === undefined) throw damagedThrift("codes without a dictionary");
      if (dictionary.kind === "text") {
        const codes = pageCodes(page, count, dictionary.text.length, this.pageRooms);
        return { kind: "codes", codes, dictionary: dictionary.text };
      }
      const { values } = dictionary;
      const codes = pageCodes(page, count, denseLength(values), this.pageRooms);
      return { kind: "coded", codes, dictionary: values };
    }
    const stored = pageValues(this.leaf.element, encoding, page, count);
    return convertStored(stored, this.leaf, this.wanted);
  }
}

function filled(count: number, level: number): Uint8Array {
  return new Uint8Array(count).fill(level);
}

/** Undefined where all levels are the highest. */
function levelsOf(
  bytes: Uint8Array,
  from: number,
  to: number,
  most: number,
  count: number,
): Uint8Array | undefined {
  if (count === 0 || isOneRun(bytes, from, to, count, most)) return undefined;
  const levels = new Uint8Array(count);
  readRuns(bytes, from, to, bitsFor(most), levels, count);
  return levels;
}

function countOf(levels: Uint8Array, wanted: number): number {
  let count = 0;
  for (let i = 0; i < levels.length; i++) count += levels[i] === wanted ? 1 : 0;
  return count;
}

/** Entries from `from` that belong to `rows` rows; a row begins where nothing repeats. */
function endOfRows(entries: LeafEntries, from: number, rows: number): number {
  const { count, repetitions } = entries;
  if (repetitions === undefined) return Math.min(count, from + rows);
  let begun = 0;
  for (let at = from; at < count; at++) {
    if (repetitions[at] !== 0) continue;
    if (begun === rows) return at;
    begun++;
  }
  return count;
}

function rowsIn({ count, repetitions }: LeafEntries): number {
  return repetitions === undefined ? count : countOf(repetitions, 0);
}

function cut(
  entries: LeafEntries,
  page: Page,
  to: number,
  { definition: highest }: LeafNode,
): LeafEntries {
  const { entry, value } = page;
  const definitions = entries.definitions?.subarray(entry, to);
  const values = definitions === undefined ? to - entry : countOf(definitions, highest);
  page.entry = to;
  page.value = value + values;
  return {
    count: to - entry,
    definitions,
    repetitions: entries.repetitions?.subarray(entry, to),
    values: sliceDense(entries.values, value, value + values),
  };
}

function joinLevels(
  parts: readonly LeafEntries[],
  levelsIn: (part: LeafEntries) => Uint8Array | undefined,
  highest: number,
): Uint8Array | undefined {
  if (parts.every((part) => levelsIn(part) === undefined)) return undefined;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.count, 0));
  let at = 0;
  for (const part of parts) {
    const levels = levelsIn(part);
    if (levels === undefined) joined.fill(highest, at, at + part.count);
    else joined.set(levels, at);
    at += part.count;
  }
  return joined;
}

function join(parts: readonly LeafEntries[], wanted: DataType, leaf: LeafNode): LeafEntries {
  const [first] = parts;
  if (first === undefined) {
    const repetitions = leaf.repetition > 0 ? new Uint8Array(0) : undefined;
    return { count: 0, definitions: undefined, repetitions, values: noValues(wanted) };
  }
  if (parts.length === 1) return first;
  const withValues = parts.map(({ values }) => values).filter((dense) => denseLength(dense) > 0);
  return {
    count: parts.reduce((sum, part) => sum + part.count, 0),
    definitions: joinLevels(parts, (part) => part.definitions, leaf.definition),
    repetitions: joinLevels(parts, (part) => part.repetitions, leaf.repetition),
    values: withValues.length === 0 ? noValues(wanted) : joinDense(withValues),
  };
}
