// Records of CSV (RFC 4180) to columns, straight from bytes: quotes, doubled quotes, newlines in quotes.

import { type Batch, makeBatch } from "../../batch/batch.ts";
import { CsvFields } from "../../kernels/csv-fields.ts";
import { batchBytesAimed, csvFieldBytesMax, lineBytesMax } from "../../limits/formats.ts";
import { batchRowsMax } from "../../limits.ts";
import type { Field } from "../../plan/types.ts";
import { type ColumnBuilder, columnBuilder, notOfType } from "../fields/column-builder.ts";

/** A record that breaks the format or the schema, by the byte at which it begins. */
export class CsvRecordFault extends Error {
  readonly atByte: number;
  /** Records before it. */
  readonly record: number;
  readonly column: string | undefined;

  constructor(message: string, atByte: number, record: number, column?: string) {
    super(message);
    this.name = "CsvRecordFault";
    this.atByte = atByte;
    this.record = record;
    this.column = column;
  }
}

export interface CsvRecordsOptions {
  readonly delimiter: string;
  readonly nullText?: string;
}

/** Where the fields of a record go; undefined for those that are not wanted. */
interface Target {
  readonly field: Field;
  readonly builder: ColumnBuilder;
}

/** Fewer fields, of those that follow each other in a column, are read one by one. */
const fieldsAtOnceMin = 16;
/** So many are read one by one where the column's values are mostly of an unusual form. */
const fieldsAlone = 64;

const quoteByte = 34;
const newlineByte = 10;
const returnByte = 13;

export class CsvRecords {
  private readonly delimiter: number;
  private readonly nullBytes: Uint8Array | undefined;
  private readonly targets: readonly (Target | undefined)[];
  private readonly builders: readonly ColumnBuilder[];
  private carried = new Uint8Array(0);
  /** Of the first carried byte, in the file. */
  private atByte: number;
  private rows = 0;
  /** Bytes of records since the last batch. */
  private batchBytes = 0;
  private records = 0;
  /** Records before the one at hand that are not counted yet. */
  private ahead = 0;
  private quoteAt = -1;
  private unquoted = new Uint8Array(256);

  /**
   * `names`: of the file's columns, in order. `fields`: the wanted ones, in the order of the batches.
   * `firstByte`: where the first record begins.
   */
  constructor(
    names: readonly string[],
    fields: readonly Field[],
    { delimiter, nullText }: CsvRecordsOptions,
    firstByte: number,
  ) {
    this.delimiter = delimiter.charCodeAt(0);
    this.nullBytes = nullText === undefined ? undefined : new TextEncoder().encode(nullText);
    const builders = new Map<string, Target>(
      fields.map((field) => [field.name, { field, builder: columnBuilder(field, batchRowsMax) }]),
    );
    this.targets = names.map((name) => builders.get(name));
    this.builders = fields.map(({ name }) => builders.get(name)!.builder);
    this.atByte = firstByte;
  }

  /** Bytes of the file that were parsed; where the next record begins. */
  get nextByte(): number {
    return this.atByte;
  }

  /** Since the last batch. */
  get gatheredRows(): number {
    return this.rows;
  }

  /**
   * Whole records of the bytes, until one begins at `stopByte` or behind; `last` where no bytes follow.
   * Answers batches that are full.
   */
  push(bytes: Uint8Array, stopByte: number, last: boolean): readonly Batch[] {
    const whole = this.carried.length === 0 ? bytes : concatenated(this.carried, bytes);
    const full: Batch[] = [];
    const layout = { delimiter: this.delimiter, fields: this.targets.length };
    const fields = CsvFields.open(whole, layout);
    this.quoteAt = -1;
    let at = 0;
    try {
      while (at < whole.length && this.atByte + at < stopByte) {
        const next = this.someRecords(whole, fields, at, stopByte - this.atByte, last);
        if (next < 0) break;
        this.batchBytes += next - at;
        at = next;
        const isFull = this.rows === batchRowsMax || this.batchBytes >= batchBytesAimed;
        if (isFull && this.rows > 0) full.push(this.take());
      }
    } finally {
      fields.close();
    }
    this.atByte += at;
    const rest = whole.subarray(at);
    if (rest.length > lineBytesMax && this.atByte < stopByte) {
      throw this.fault(`the record is longer than ${lineBytesMax} bytes`, 0);
    }
    this.carried = new Uint8Array(rest);
    return full;
  }

  /** What was gathered since the last full batch; undefined where that is nothing. */
  finish(): Batch | undefined {
    return this.rows === 0 ? undefined : this.take();
  }

  private take(): Batch {
    const columns = this.builders.map((builder) => builder.take());
    const batch = { ...makeBatch("record", columns), rows: this.rows };
    this.rows = 0;
    this.batchBytes = 0;
    return batch;
  }

  private fault(message: string, start: number, column?: string): CsvRecordFault {
    return new CsvRecordFault(message, this.atByte + start, this.records + this.ahead, column);
  }

  /** Index after the records that the kernel finds, or after one that holds quotes or is not as it should be. */
  private someRecords(
    bytes: Uint8Array,
    fields: CsvFields,
    start: number,
    stop: number,
    last: boolean,
  ): number {
    const count = fields.cut(start, stop, batchRowsMax - this.rows);
    if (count === 0) return this.record(bytes, start, last);
    let limit = count;
    let fault: CsvRecordFault | undefined;
    for (let field = 0; field < this.targets.length; field++) {
      const target = this.targets[field];
      if (target === undefined) continue;
      try {
        this.addColumn(bytes, fields, field, limit, target);
      } catch (thrown) {
        if (!(thrown instanceof CsvRecordFault)) throw thrown;
        // An earlier record may still be at fault, in a later column.
        fault = thrown;
        limit = this.ahead;
      }
    }
    this.ahead = 0;
    if (fault !== undefined) throw fault;
    this.rows += count;
    this.records += count;
    return fields.next;
  }

  /** A field of records that the kernel found: many at a time, and one by one where they are of an unusual form. */
  private addColumn(
    bytes: Uint8Array,
    fields: CsvFields,
    field: number,
    count: number,
    target: Target,
  ): void {
    const { builder } = target;
    const { places } = fields;
    const stride = 2 * this.targets.length;
    const isNullable = target.field.nullable && this.nullBytes !== undefined;
    let alone = isNullable || builder.addMany === undefined ? count : 0;
    for (let i = 0; i < count; ) {
      if (alone === 0 && count - i >= fieldsAtOnceMin) {
        const added = builder.addMany!(fields, field, i, count - i);
        i += added;
        alone = added < fieldsAtOnceMin ? fieldsAlone : 1;
        continue;
      }
      if (alone > 0) alone--;
      this.ahead = i;
      const at = i * stride + 2 * field;
      this.bareField(bytes, places[at]!, places[at + 1]!, places[i * stride]!, target);
      i++;
    }
  }

  /** Index after the record; -1 where its end is not in the bytes. Empty lines are passed over. */
  private record(bytes: Uint8Array, start: number, last: boolean): number {
    const end = this.endOfRecord(bytes, start, last);
    if (end < 0) return -1;
    let contentEnd = end;
    if (contentEnd > start && bytes[contentEnd - 1] === newlineByte) contentEnd--;
    if (contentEnd > start && bytes[contentEnd - 1] === returnByte) contentEnd--;
    if (contentEnd === start) return end;
    const { delimiter, targets } = this;
    let at = start;
    for (let index = 0; ; index++) {
      if (index === targets.length) throw this.wrongCount(bytes, start, contentEnd);
      const target = targets[index];
      if (bytes[at] === quoteByte) at = this.quotedField(bytes, at, contentEnd, start, target);
      else {
        let stop = at;
        while (stop < contentEnd && bytes[stop] !== delimiter) {
          if (bytes[stop] === quoteByte) {
            throw this.fault("a quote stands inside a field that does not begin with one", start);
          }
          stop++;
        }
        if (target !== undefined) this.bareField(bytes, at, stop, start, target);
        at = stop;
      }
      if (at >= contentEnd) {
        if (index + 1 !== targets.length) throw this.wrongCount(bytes, start, contentEnd);
        break;
      }
      at++;
    }
    this.rows++;
    this.records++;
    return end;
  }

  /** Index after the line end of the record, which may stand behind quoted ones. */
  private endOfRecord(bytes: Uint8Array, start: number, last: boolean): number {
    let newline = bytes.indexOf(newlineByte, start);
    let quote = this.quoteFrom(bytes, start);
    while (quote < bytes.length && (newline < 0 || quote < newline)) {
      const before = bytes[quote - 1];
      if (quote > start && before !== this.delimiter && before !== quoteByte) {
        throw this.fault("a quote stands inside a field that does not begin with one", start);
      }
      const close = bytes.indexOf(quoteByte, quote + 1);
      if ((close < 0 ? bytes.length : close) - quote > csvFieldBytesMax) {
        const message = `a quoted field is longer than ${csvFieldBytesMax} bytes; is a quote missing?`;
        throw this.fault(message, start);
      }
      if (close < 0) {
        if (last) throw this.fault("a quoted field never ends", start);
        return -1;
      }
      if (newline >= 0 && newline < close) newline = bytes.indexOf(newlineByte, close + 1);
      quote = this.quoteFrom(bytes, close + 1);
    }
    if (newline >= 0) return newline + 1;
    return last ? bytes.length : -1;
  }

  /** The next quote, which is looked for once, however many records come before it. */
  private quoteFrom(bytes: Uint8Array, from: number): number {
    if (this.quoteAt < from) {
      const found = bytes.indexOf(quoteByte, from);
      this.quoteAt = found < 0 ? Number.POSITIVE_INFINITY : found;
    }
    return this.quoteAt;
  }

  private wrongCount(bytes: Uint8Array, start: number, end: number): CsvRecordFault {
    let count = 1;
    let isQuoted = false;
    for (let at = start; at < end; at++) {
      if (bytes[at] === quoteByte) isQuoted = !isQuoted;
      else if (bytes[at] === this.delimiter && !isQuoted) count++;
    }
    const message = `the record has ${count} fields where ${this.targets.length} belong`;
    return this.fault(message, start);
  }

  private bareField(
    bytes: Uint8Array,
    from: number,
    to: number,
    record: number,
    { field, builder }: Target,
  ): void {
    if (from === to) {
      if (field.nullable) builder.addNull();
      else if (!mayBeEmpty(field) || !builder.add(bytes, from, to)) {
        throw this.fault(notOfType("", field), record, field.name);
      }
      return;
    }
    if (this.nullBytes !== undefined && field.nullable && equals(bytes, from, to, this.nullBytes)) {
      builder.addNull();
      return;
    }
    this.addTo(bytes, from, to, record, field, builder);
  }

  private addTo(
    bytes: Uint8Array,
    from: number,
    to: number,
    record: number,
    field: Field,
    builder: ColumnBuilder,
  ): void {
    if (builder.add(bytes, from, to)) return;
    // Numbers and dates may stand between spaces.
    let start = from;
    let end = to;
    while (start < end && bytes[start]! <= 32) start++;
    while (end > start && bytes[end - 1]! <= 32) end--;
    if ((start > from || end < to) && start < end && builder.add(bytes, start, end)) return;
    const text = new TextDecoder().decode(bytes.subarray(from, to));
    throw this.fault(notOfType(text, field), record, field.name);
  }

  /** From an opening quote to the delimiter behind the field. */
  private quotedField(
    bytes: Uint8Array,
    open: number,
    end: number,
    record: number,
    target: Target | undefined,
  ): number {
    let close = bytes.indexOf(quoteByte, open + 1);
    let pieces = 0;
    let from = open + 1;
    let filled = 0;
    while (bytes[close + 1] === quoteByte && close + 1 < end) {
      filled = this.unquote(bytes, from, close + 1, filled);
      pieces++;
      from = close + 2;
      close = bytes.indexOf(quoteByte, from);
    }
    const stop = close + 1;
    if (stop < end && bytes[stop] !== this.delimiter) {
      throw this.fault("a field goes on after its closing quote", record);
    }
    if (target === undefined) return stop;
    const { field, builder } = target;
    if (pieces > 0) {
      filled = this.unquote(bytes, from, close, filled);
      this.addTo(this.unquoted, 0, filled, record, field, builder);
    } else if (from === close && !mayBeEmpty(field) && field.nullable) builder.addNull();
    else this.addTo(bytes, from, close, record, field, builder);
    return stop;
  }

  private unquote(bytes: Uint8Array, from: number, to: number, filled: number): number {
    const next = filled + to - from;
    if (next > this.unquoted.length) {
      const larger = new Uint8Array(Math.max(this.unquoted.length * 2, next));
      larger.set(this.unquoted.subarray(0, filled));
      this.unquoted = larger;
    }
    this.unquoted.set(bytes.subarray(from, to), filled);
    return next;
  }
}

function equals(bytes: Uint8Array, from: number, to: number, other: Uint8Array): boolean {
  if (to - from !== other.length) return false;
  for (let i = 0; i < other.length; i++) if (bytes[from + i] !== other[i]) return false;
  return true;
}

function concatenated(left: Uint8Array, right: Uint8Array): Uint8Array {
  const out = new Uint8Array(left.length + right.length);
  out.set(left);
  out.set(right, left.length);
  return out;
}

/** Text and bytes of nothing are values, which quotes tell from null. */
function mayBeEmpty({ type }: Field): boolean {
  return type.kind === "utf8" || type.kind === "binary";
}
