// Batches as engines hand them to each other: a head in JSON, then the buffers of the columns as they lie in memory.
//
// Arrow IPC carries the same buffers, but took several times as long to write and read them, and has neither our
// shapes nor a dictionary that many batches share. Outputs stay Arrow files; this never leaves a job.

import { assert, EngineError, unreachable } from "../errors.ts";
import type { Batch, BatchShape } from "./batch.ts";
import { type Column, decimalWords, type NullMeaning, type TextColumn } from "./column.ts";
import { flatText } from "./flat-text.ts";

interface ColumnHead {
  readonly name: string;
  readonly type: Column["type"];
  readonly length: number;
  readonly nulls: NullMeaning;
  /** Bytes of each buffer; of the first, the validity, -1 where every slot is valid. */
  readonly buffers: readonly number[];
  readonly zone?: string;
  readonly precision?: number;
  readonly scale?: number;
  /** Of a list its items, of a struct its fields, of a dictionary its texts where they come here first. */
  readonly children?: readonly ColumnHead[];
  /** Which of the block's dictionaries, in the order in which they came. */
  readonly dictionary?: number;
}

interface BatchHead {
  readonly shape: BatchShape;
  readonly rows: number;
  readonly columns: readonly ColumnHead[];
}

type Bytes = Uint8Array | Int32Array | Float64Array | BigInt64Array;

/** A dictionary with fewer rows for each of its texts is not worth its place. */
const rowsPerTextMin = 2;

function padded(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

/**
 * Bits behind the last row say nothing, and neither do bits that are all set: rows that came by another way, such as
 * through a spill file, must give the same bytes, since a digest is taken of them.
 */
function validBits(validity: Uint8Array, length: number): Uint8Array | undefined {
  const whole = length >> 3;
  const last = (1 << (length & 7)) - 1;
  let areAllSet = last === 0 || (validity[whole]! & last) === last;
  for (let i = 0; areAllSet && i < whole; i++) areAllSet = validity[i] === 0xff;
  if (areAllSet) return undefined;
  const bits = validity.subarray(0, (length + 7) >> 3);
  if (last === 0 || (bits[whole]! & ~last) === 0) return bits;
  const clean = new Uint8Array(bits);
  clean[whole] = clean[whole]! & last;
  return clean;
}

/** A loop: a function for each number would take several times as long. */
function shifted(offsets: Int32Array, start: number): Int32Array {
  const out = new Int32Array(offsets.length);
  for (let i = 0; i < out.length; i++) out[i] = offsets[i]! - start;
  return out;
}

/** Writes batches that follow each other, so that a dictionary is written once. */
export class RawBatchWriter {
  private readonly dictionaries = new Map<TextColumn, number>();
  private pieces: Uint8Array[] = [];

  /** Pieces whose lengths are multiples of eight, without copies of the columns' buffers. */
  write(batch: Batch): readonly Uint8Array[] {
    const columns = batch.columns.map((column) => this.column(column));
    const head: BatchHead = { shape: batch.shape, rows: batch.rows, columns };
    const text = new TextEncoder().encode(JSON.stringify(head));
    const first = new Uint8Array(8 + padded(text.length));
    new Int32Array(first.buffer)[0] = text.length;
    first.set(text, 8);
    const written = [first, ...this.pieces];
    // Whoever has the pieces decides how long they live: a writer stays until its block is sealed.
    this.pieces = [];
    return written;
  }

  private buffer(array: Bytes): number {
    const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    if (bytes.length === 0) return 0;
    this.pieces.push(bytes);
    const rest = padded(bytes.length) - bytes.length;
    if (rest > 0) this.pieces.push(new Uint8Array(rest));
    return bytes.length;
  }

  private column(column: Column): ColumnHead {
    const { name, type, length, nulls, validity } = column;
    if (column.type === "dictionary" && !this.keepsCodes(column.dictionary, length)) {
      return this.column(flatText(column));
    }
    const bits = validity && validBits(validity, length);
    const buffers = [bits === undefined ? -1 : this.buffer(bits)];
    const base = { name, type, length, nulls, buffers };
    switch (column.type) {
      case "null":
        return base;
      case "utf8":
      case "json":
      case "binary":
        this.text(column, buffers);
        return base;
      case "bool":
        buffers.push(this.buffer(column.values.subarray(0, (length + 7) >> 3)));
        return base;
      case "decimal": {
        const { precision, scale } = column;
        buffers.push(this.buffer(column.values.subarray(0, length * decimalWords(precision))));
        return { ...base, precision, scale };
      }
      case "timestamp": {
        buffers.push(this.buffer(column.values.subarray(0, length)));
        return column.zone === undefined ? base : { ...base, zone: column.zone };
      }
      case "int32":
      case "date":
      case "float64":
      case "int53":
      case "int64":
        buffers.push(this.buffer(column.values.subarray(0, length)));
        return base;
      case "list":
        buffers.push(this.buffer(column.offsets.subarray(0, length + 1)));
        return { ...base, children: [this.column(column.item)] };
      case "struct":
        return { ...base, children: column.fields.map((field) => this.column(field)) };
      case "dictionary":
        buffers.push(this.buffer(column.codes.subarray(0, length)));
        return { ...base, ...this.dictionary(column.dictionary) };
      default:
        return unreachable(column);
    }
  }

  private keepsCodes(dictionary: TextColumn, rows: number): boolean {
    return this.dictionaries.has(dictionary) || dictionary.length * rowsPerTextMin <= rows;
  }

  private dictionary(texts: TextColumn): Pick<ColumnHead, "dictionary" | "children"> {
    const known = this.dictionaries.get(texts);
    if (known !== undefined) return { dictionary: known };
    const dictionary = this.dictionaries.size;
    this.dictionaries.set(texts, dictionary);
    return { dictionary, children: [this.column(texts)] };
  }

  /** Offsets from 0, with the part of the values that they span. */
  private text({ offsets, values, length }: TextColumn, buffers: number[]): void {
    const start = offsets[0]!;
    const own = offsets.subarray(0, length + 1);
    buffers.push(this.buffer(start === 0 ? own : shifted(own, start)));
    buffers.push(this.buffer(values.subarray(start, offsets[length]!)));
  }
}

function damaged(what: string): EngineError {
  return new EngineError("MESSAGE_INVALID", `a batch is damaged: ${what}`);
}

/** Reads what one writer wrote, in that order; columns are views of the bytes. */
export class RawBatchReader {
  private readonly bytes: Uint8Array;
  private readonly dictionaries: TextColumn[] = [];
  private at: number;

  /** The first byte must lie at a multiple of eight of its buffer. */
  constructor(bytes: Uint8Array, start: number) {
    assert((bytes.byteOffset + start) % 8 === 0, "raw batches must begin at a multiple of eight");
    this.bytes = bytes;
    this.at = start;
  }

  /** Undefined at the end. Throws MESSAGE_INVALID where the bytes are no batch. */
  next(): Batch | undefined {
    if (this.at >= this.bytes.length) return undefined;
    const [length = 0] = this.ints(8);
    // A copy, since shared memory is not decoded.
    const text = new TextDecoder().decode(this.take(length).slice());
    const { shape, rows, columns } = JSON.parse(text) as BatchHead;
    return { shape, rows, columns: columns.map((head) => this.column(head, rows)) };
  }

  private take(length: number): Uint8Array {
    const start = this.at;
    this.at += padded(length);
    if (!(length >= 0) || this.at > this.bytes.length) {
      throw damaged(`it has ${this.bytes.length - start} of ${length} bytes`);
    }
    return this.bytes.subarray(start, start + length);
  }

  private ints(length: number): Int32Array {
    const bytes = this.take(length);
    return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  }

  private floats(length: number): Float64Array {
    const bytes = this.take(length);
    return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.length >> 3);
  }

  private words(length: number): BigInt64Array {
    const bytes = this.take(length);
    return new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.length >> 3);
  }

  private column(head: ColumnHead, rows: number): Column {
    const { name, length, nulls, buffers } = head;
    if (length !== rows) throw damaged(`column ${name} has ${length} of ${rows} rows`);
    const [valid = -1, first = 0, second = 0] = buffers;
    const validity = valid < 0 ? undefined : this.take(valid);
    const base = { name, length, nulls, validity };
    const checked = <T extends Column>(column: T, slots: number, wanted: number): T => {
      if (slots !== wanted) throw damaged(`column ${name} has ${slots} of ${wanted} slots`);
      return column;
    };
    const { type } = head;
    switch (type) {
      case "null":
        return { ...base, type };
      case "utf8":
      case "json":
      case "binary": {
        const column = { ...base, type, offsets: this.ints(first), values: this.take(second) };
        return checked(column, column.offsets.length, length + 1);
      }
      case "bool":
        return { ...base, type, values: this.take(first) };
      case "decimal": {
        const { precision = 0, scale = 0 } = head;
        const column = { ...base, type, precision, scale, values: this.words(first) };
        return checked(column, column.values.length, length * decimalWords(precision));
      }
      case "timestamp": {
        const column = { ...base, type, zone: head.zone, values: this.words(first) };
        return checked(column, column.values.length, length);
      }
      case "int32":
      case "date": {
        const column = { ...base, type, values: this.ints(first) };
        return checked(column, column.values.length, length);
      }
      case "float64": {
        const column = { ...base, type, values: this.floats(first) };
        return checked(column, column.values.length, length);
      }
      case "int53":
      case "int64": {
        const column = { ...base, type, values: this.words(first) };
        return checked(column, column.values.length, length);
      }
      default:
        return this.nested(head, base, type, first);
    }
  }

  private nested(
    head: ColumnHead,
    base: Pick<Column, "name" | "length" | "nulls" | "validity">,
    type: "list" | "struct" | "dictionary",
    first: number,
  ): Column {
    const { children = [], length } = head;
    switch (type) {
      case "list": {
        const offsets = this.ints(first);
        const [item] = children;
        if (item === undefined || offsets.length !== length + 1) throw damaged("a list");
        return { ...base, type, offsets, item: this.column(item, item.length) };
      }
      case "struct":
        return { ...base, type, fields: children.map((field) => this.column(field, length)) };
      case "dictionary": {
        const codes = this.ints(first);
        const [texts] = children;
        if (texts !== undefined) {
          this.dictionaries.push(this.column(texts, texts.length) as TextColumn);
        }
        const dictionary = this.dictionaries[head.dictionary ?? -1];
        if (dictionary === undefined || codes.length !== length) throw damaged("a dictionary");
        return { ...base, type, codes, dictionary };
      }
      default:
        throw damaged(`a column is of type ${String(type)}`);
    }
  }
}
