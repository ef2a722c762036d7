// A batch as raw bytes of its columns, for files that the same task reads again: no format to keep for later.

import type { Batch, BatchShape } from "../../proto/batch/batch.ts";
import {
  type Column,
  type DictionaryColumn,
  decimalWords,
  type NullMeaning,
  type TextColumn,
} from "../../proto/batch/column.ts";
import { unreachable } from "../../proto/errors.ts";
import { bitBytes } from "../kernels/columns/bits.ts";

// Bytes of the description, zeros up to a multiple of eight, the description as JSON, then the buffers in order.
// Everything begins at a multiple of eight, so that columns are views of what was read.
const leadBytes = 8;

/** A column without its buffers, which follow in order: validity, offsets, values, then those inside. */
interface Described {
  readonly name: string;
  readonly type: Column["type"];
  readonly length: number;
  readonly nulls: NullMeaning;
  readonly hasValidity: boolean;
  readonly zone?: string;
  readonly precision?: number;
  readonly scale?: number;
  /** Bytes of text. */
  readonly bytes?: number;
  /** Which of the dictionaries that are kept beside the file. */
  readonly dictionary?: number;
  readonly inside?: readonly Described[];
}

interface BatchHead {
  readonly shape: BatchShape;
  readonly rows: number;
  readonly columns: readonly Described[];
}

/** Dictionaries are shared by many batches: they stay in memory, once each. */
export class SharedDictionaries {
  private readonly numbers = new Map<TextColumn, number>();
  private readonly all: TextColumn[] = [];

  numberOf(dictionary: TextColumn): number {
    const known = this.numbers.get(dictionary);
    if (known !== undefined) return known;
    this.numbers.set(dictionary, this.all.length);
    return this.all.push(dictionary) - 1;
  }

  at(number: number): TextColumn {
    return this.all[number]!;
  }
}

const padded = (bytes: number): number => (bytes + 7) & ~7;
const padding = new Uint8Array(8);

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

class Encoder {
  readonly pieces: Uint8Array[] = [];
  private readonly dictionaries: SharedDictionaries;

  constructor(dictionaries: SharedDictionaries) {
    this.dictionaries = dictionaries;
  }

  private put(values: ArrayBufferView): void {
    const bytes = bytesOf(values);
    this.pieces.push(bytes);
    const gap = padded(bytes.length) - bytes.length;
    if (gap > 0) this.pieces.push(padding.subarray(0, gap));
  }

  /** Offsets from zero on, and where the first and the last point to. */
  private putOffsets(offsets: Int32Array, length: number): readonly [start: number, end: number] {
    const start = offsets[0]!;
    const own = offsets.subarray(0, length + 1);
    this.put(start === 0 ? own : own.map((offset) => offset - start));
    return [start, offsets[length]!];
  }

  add(column: Column): Described {
    const { name, type, length, nulls, validity } = column;
    const base = { name, type, length, nulls, hasValidity: validity !== undefined };
    if (validity !== undefined) this.put(validity.subarray(0, bitBytes(length)));
    switch (column.type) {
      case "null":
        return base;
      case "bool":
        this.put(column.values.subarray(0, bitBytes(length)));
        return base;
      case "int32":
      case "date":
      case "float64":
      case "int53":
      case "int64":
        this.put(column.values.subarray(0, length));
        return base;
      case "timestamp":
        this.put(column.values.subarray(0, length));
        return column.zone === undefined ? base : { ...base, zone: column.zone };
      case "decimal": {
        const { precision, scale } = column;
        this.put(column.values.subarray(0, length * decimalWords(precision)));
        return { ...base, precision, scale };
      }
      case "utf8":
      case "json":
      case "binary": {
        const [start, end] = this.putOffsets(column.offsets, length);
        this.put(column.values.subarray(start, end));
        return { ...base, bytes: end - start };
      }
      case "dictionary":
        this.put(column.codes.subarray(0, length));
        return { ...base, dictionary: this.dictionaries.numberOf(column.dictionary) };
      case "list": {
        // The items before the first and behind the last are written along: slices of lists are rare.
        this.put(column.offsets.subarray(0, length + 1));
        return { ...base, inside: [this.add(column.item)] };
      }
      case "struct":
        return { ...base, inside: column.fields.map((field) => this.add(field)) };
      default:
        return unreachable(column);
    }
  }
}

/** Pieces to write one after the other. They are views of the columns: write them before these change. */
export function batchToPieces(batch: Batch, dictionaries: SharedDictionaries): Uint8Array[] {
  const encoder = new Encoder(dictionaries);
  const columns = batch.columns.map((column) => encoder.add(column));
  const head: BatchHead = { shape: batch.shape, rows: batch.rows, columns };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const lead = new Uint8Array(leadBytes + padded(text.length));
  new DataView(lead.buffer).setUint32(0, text.length, true);
  lead.set(text, leadBytes);
  return [lead, ...encoder.pieces];
}

class Decoder {
  private readonly bytes: Uint8Array;
  private readonly dictionaries: SharedDictionaries;
  private at: number;

  constructor(bytes: Uint8Array, at: number, dictionaries: SharedDictionaries) {
    this.bytes = bytes;
    this.at = at;
    this.dictionaries = dictionaries;
  }

  private take(length: number): Uint8Array {
    const start = this.at;
    this.at = start + padded(length);
    return this.bytes.subarray(start, start + length);
  }

  private ints(length: number): Int32Array {
    const { buffer, byteOffset } = this.take(4 * length);
    return new Int32Array(buffer, byteOffset, length);
  }

  private words(length: number): BigInt64Array {
    const { buffer, byteOffset } = this.take(8 * length);
    return new BigInt64Array(buffer, byteOffset, length);
  }

  private floats(length: number): Float64Array {
    const { buffer, byteOffset } = this.take(8 * length);
    return new Float64Array(buffer, byteOffset, length);
  }

  column(described: Described): Column {
    const { name, type, length, nulls } = described;
    const validity = described.hasValidity ? this.take(bitBytes(length)) : undefined;
    const base = { name, length, nulls, validity };
    switch (type) {
      case "null":
        return { ...base, type };
      case "bool":
        return { ...base, type, values: this.take(bitBytes(length)) };
      case "int32":
      case "date":
        return { ...base, type, values: this.ints(length) };
      case "float64":
        return { ...base, type, values: this.floats(length) };
      case "int53":
      case "int64":
        return { ...base, type, values: this.words(length) };
      case "timestamp":
        return { ...base, type, zone: described.zone, values: this.words(length) };
      case "decimal": {
        const precision = described.precision!;
        const values = this.words(length * decimalWords(precision));
        return { ...base, type, precision, scale: described.scale!, values };
      }
      case "utf8":
      case "json":
      case "binary": {
        const offsets = this.ints(length + 1);
        return { ...base, type, offsets, values: this.take(described.bytes!) };
      }
      case "dictionary": {
        const codes = this.ints(length);
        const dictionary = this.dictionaries.at(described.dictionary!);
        return { ...base, type, codes, dictionary } satisfies DictionaryColumn;
      }
      case "list": {
        const offsets = this.ints(length + 1);
        return { ...base, type, offsets, item: this.column(described.inside![0]!) };
      }
      case "struct":
        return { ...base, type, fields: described.inside!.map((field) => this.column(field)) };
      default:
        return unreachable(type);
    }
  }
}

/** The batch of bytes that begin at a multiple of eight of their buffer; its columns are views of them. */
export function batchOfPieces(bytes: Uint8Array, dictionaries: SharedDictionaries): Batch {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const text = new TextDecoder().decode(bytes.subarray(leadBytes, leadBytes + length));
  const { shape, rows, columns } = JSON.parse(text) as BatchHead;
  const decoder = new Decoder(bytes, leadBytes + padded(length), dictionaries);
  return { shape, rows, columns: columns.map((column) => decoder.column(column)) };
}

/** Bytes of the buffers that a column holds, its dictionary left out. */
export function columnBytes(column: Column): number {
  const { length, validity } = column;
  const bits = validity === undefined ? 0 : bitBytes(length);
  switch (column.type) {
    case "null":
      return bits;
    case "bool":
      return bits + bitBytes(length);
    case "int32":
    case "date":
      return bits + 4 * length;
    case "float64":
    case "int53":
    case "int64":
    case "timestamp":
      return bits + 8 * length;
    case "decimal":
      return bits + 8 * length * decimalWords(column.precision);
    case "utf8":
    case "json":
    case "binary":
      return bits + 4 * (length + 1) + column.offsets[length]! - column.offsets[0]!;
    case "dictionary":
      return bits + 4 * length;
    case "list":
      return bits + 4 * (length + 1) + columnBytes(column.item);
    case "struct":
      return column.fields.reduce((sum, field) => sum + columnBytes(field), bits);
    default:
      return unreachable(column);
  }
}

export function batchBytes(batch: Batch): number {
  return batch.columns.reduce((sum, column) => sum + columnBytes(column), 0);
}
