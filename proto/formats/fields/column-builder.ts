// Columns that grow field by field out of the bytes of CSV and NDJSON files.

import { buildColumnAs } from "../../batch/build-column.ts";
import { type Column, decimalWords } from "../../batch/column.ts";
import { parseDecimal, writeDecimal } from "../../batch/decimal.ts";
import type { CsvFields, FieldValues } from "../../kernels/csv-fields.ts";
import { type Field, typeText } from "../../plan/types.ts";
import { valueOfJson } from "../json/json-values.ts";
import { parseJson } from "../json/long-numbers.ts";
import {
  clockMicrosOf,
  clockOf,
  dayOf,
  smallDecimal,
  smallInteger,
  smallUnits,
} from "./field-values.ts";

export interface ColumnBuilder {
  /** False where the field is no value of the type. */
  add(bytes: Uint8Array, start: number, end: number): boolean;
  addNull(): void;
  /**
   * Adds a field of `count` records of CSV from the one at `from` on; answers how many were added, behind which is one
   * that has to be added by itself. Fields that are empty are null where the column may be. Absent where that does not pay.
   */
  addMany?(fields: CsvFields, field: number, from: number, count: number): number;
  /** The column of all that was added; the builder begins anew. */
  take(): Column;
}

const upperZ = 90;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const textOf = (bytes: Uint8Array, start: number, end: number) =>
  decoder.decode(bytes.subarray(start, end));

/** Bits of the slots so far; made with the first null. */
export class Validity {
  private bits: Uint8Array | undefined;
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  clear(at: number): void {
    this.bits ??= new Uint8Array((this.capacity + 7) >> 3).fill(0xff);
    this.bits[at >> 3] = this.bits[at >> 3]! & ~(1 << (at & 7));
  }

  take(length: number): Uint8Array | undefined {
    const bits = this.bits?.slice(0, (length + 7) >> 3);
    this.bits = undefined;
    return bits;
  }
}

/** A safe integer as a word in two halves: a BigInt for each would cost an allocation. */
function putWhole(halves: Int32Array, word: number, value: number): void {
  const high = Math.floor(value / 4294967296);
  halves[2 * word] = value - high * 4294967296;
  halves[2 * word + 1] = high;
}

abstract class Builder implements ColumnBuilder {
  protected length = 0;
  protected readonly field: Field;
  protected readonly capacity: number;
  private readonly validity: Validity;

  constructor(field: Field, capacity: number) {
    this.field = field;
    this.capacity = capacity;
    this.validity = new Validity(capacity);
  }

  abstract add(bytes: Uint8Array, start: number, end: number): boolean;
  protected abstract column(): Column;
  protected skip(): void {}

  addNull(): void {
    this.validity.clear(this.length);
    this.skip();
    this.length++;
  }

  /** Nulls among the next slots, where `valid` is 0. */
  protected clearWhere(valid: Uint8Array): void {
    for (let i = 0; i < valid.length; i++) {
      if (valid[i] === 0) this.validity.clear(this.length + i);
    }
  }

  /** How many of the fields that were read may be added: those before an empty one, where none may be null. */
  protected addable({ count, valid }: FieldValues<unknown>): number {
    return valid === undefined || this.field.nullable ? count : valid.indexOf(0);
  }

  protected base() {
    const { length } = this;
    const validity = this.validity.take(length);
    return { name: this.field.name, length, nulls: "null", validity } as const;
  }

  take(): Column {
    const column = this.column();
    this.length = 0;
    return column;
  }
}

class TextBuilder extends Builder {
  private offsets = new Int32Array(this.capacity + 1);
  private values = new Uint8Array(64 * 1024);

  add(bytes: Uint8Array, start: number, end: number): boolean {
    const at = this.offsets[this.length]!;
    const next = at + end - start;
    this.reserve(at, next);
    if (end - start > 32) this.values.set(bytes.subarray(start, end), at);
    else for (let i = start, to = at; i < end; i++, to++) this.values[to] = bytes[i]!;
    this.offsets[++this.length] = next;
    return true;
  }

  addMany(fields: CsvFields, field: number, from: number, count: number): number {
    const { offsets, values, hasEmpty } = fields.texts(field, from, count);
    const at = this.offsets[this.length]!;
    this.reserve(at, at + values.length);
    this.values.set(values, at);
    const first = this.length + 1;
    for (let i = 0; i < count; i++) this.offsets[first + i] = at + offsets[i + 1]!;
    if (hasEmpty && this.field.nullable) {
      this.clearWhere(
        Uint8Array.from({ length: count }, (_, i) => Number(offsets[i + 1]! > offsets[i]!)),
      );
    }
    this.length += count;
    return count;
  }

  private reserve(used: number, needed: number): void {
    if (needed <= this.values.length) return;
    const larger = new Uint8Array(Math.max(this.values.length * 2, needed));
    larger.set(this.values.subarray(0, used));
    this.values = larger;
  }

  protected override skip(): void {
    this.offsets[this.length + 1] = this.offsets[this.length]!;
  }

  protected column(): Column {
    const end = this.offsets[this.length]!;
    const offsets = this.offsets.slice(0, this.length + 1);
    return { ...this.base(), type: "utf8", offsets, values: this.values.slice(0, end) };
  }
}

class Int32Builder extends Builder {
  private values = new Int32Array(this.capacity);

  add(bytes: Uint8Array, start: number, end: number): boolean {
    const isDate = this.field.type.kind === "date";
    const value = isDate ? dayOf(bytes, start, end) : smallInteger(bytes, start, end);
    this.values[this.length] = value;
    if (this.values[this.length] !== value && !Object.is(value, -0)) return false;
    this.length++;
    return true;
  }

  addMany(fields: CsvFields, field: number, from: number, count: number): number {
    if (this.field.type.kind === "date") return 0;
    const read = fields.wholes(field, from, count);
    const most = this.addable(read);
    const { buffer, byteOffset } = read.values;
    const halves = new Int32Array(buffer, byteOffset, 2 * most);
    let added = 0;
    while (added < most && halves[2 * added + 1] === halves[2 * added]! >> 31) {
      this.values[this.length + added] = halves[2 * added]!;
      added++;
    }
    if (read.valid !== undefined) this.clearWhere(read.valid.subarray(0, added));
    this.length += added;
    return added;
  }

  protected column(): Column {
    const type = this.field.type.kind === "date" ? "date" : "int32";
    return { ...this.base(), type, values: this.values.slice(0, this.length) };
  }
}

class Int64Builder extends Builder {
  private values = new BigInt64Array(this.capacity);
  private halves = new Int32Array(this.values.buffer);

  add(bytes: Uint8Array, start: number, end: number): boolean {
    const small = smallInteger(bytes, start, end);
    if (Number.isNaN(small)) {
      const text = textOf(bytes, start, end);
      if (!/^[-+]?\d{1,30}$/.test(text)) return false;
      const value = BigInt(text.replace("+", ""));
      if (BigInt.asIntN(64, value) !== value) return false;
      if (this.field.type.kind === "int53" && !Number.isSafeInteger(Number(value))) return false;
      this.values[this.length++] = value;
      return true;
    }
    putWhole(this.halves, this.length++, small);
    return true;
  }

  addMany(fields: CsvFields, field: number, from: number, count: number): number {
    const read = fields.wholes(field, from, count);
    const added = this.addable(read);
    this.values.set(read.values.subarray(0, added), this.length);
    if (read.valid !== undefined) this.clearWhere(read.valid.subarray(0, added));
    this.length += added;
    return added;
  }

  protected column(): Column {
    const type = this.field.type.kind === "int53" ? "int53" : "int64";
    return { ...this.base(), type, values: this.values.slice(0, this.length) };
  }
}

const namedNumbers: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "+inf": Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  "+infinity": Number.POSITIVE_INFINITY,
  "-infinity": Number.NEGATIVE_INFINITY,
};
const numberText = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;

/** Undefined for what is no number. */
export function numberOf(text: string): number | undefined {
  if (numberText.test(text)) return Number(text);
  return namedNumbers[text.toLowerCase()];
}

class FloatBuilder extends Builder {
  private values = new Float64Array(this.capacity);

  add(bytes: Uint8Array, start: number, end: number): boolean {
    let value: number | undefined = smallDecimal(bytes, start, end);
    if (Number.isNaN(value)) value = numberOf(textOf(bytes, start, end));
    if (value === undefined) return false;
    this.values[this.length++] = value;
    return true;
  }

  addMany(fields: CsvFields, field: number, from: number, count: number): number {
    const read = fields.floats(field, from, count);
    const added = this.addable(read);
    this.values.set(read.values.subarray(0, added), this.length);
    if (read.valid !== undefined) this.clearWhere(read.valid.subarray(0, added));
    this.length += added;
    return added;
  }

  protected column(): Column {
    return { ...this.base(), type: "float64", values: this.values.slice(0, this.length) };
  }
}

function isWord(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let i = 0; i < word.length; i++) {
    const byte = bytes[start + i]!;
    const isLetter = (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
    if (!isLetter || (byte | 32) !== word.charCodeAt(i)) return false;
  }
  return true;
}

/** `true` and `false` in any case. */
export function boolOf(bytes: Uint8Array, start: number, end: number): boolean | undefined {
  if (isWord(bytes, start, end, "true")) return true;
  return isWord(bytes, start, end, "false") ? false : undefined;
}

class BoolBuilder extends Builder {
  private bits = new Uint8Array((this.capacity + 7) >> 3);

  add(bytes: Uint8Array, start: number, end: number): boolean {
    const value = boolOf(bytes, start, end);
    if (value === undefined) return false;
    const at = this.length >> 3;
    if (value) this.bits[at] = this.bits[at]! | (1 << (this.length & 7));
    this.length++;
    return true;
  }

  protected column(): Column {
    const values = this.bits.slice(0, (this.length + 7) >> 3);
    this.bits.fill(0);
    return { ...this.base(), type: "bool", values };
  }
}

class TimestampBuilder extends Builder {
  private values = new BigInt64Array(this.capacity);
  private halves = new Int32Array(this.values.buffer);

  add(bytes: Uint8Array, start: number, end: number): boolean {
    const { type } = this.field;
    const usual = clockMicrosOf(bytes, start, end);
    if (!Number.isNaN(usual) && type.kind === "timestamp") {
      if (type.zone === undefined && bytes[end - 1] === upperZ) return false;
      putWhole(this.halves, this.length++, usual);
      return true;
    }
    const clock = clockOf(textOf(bytes, start, end));
    if (clock === undefined || type.kind !== "timestamp") return false;
    // What shows a zone is an instant; what shows none is taken as one of UTC where instants are wanted.
    if (clock.hasZone && type.zone === undefined) return false;
    this.values[this.length++] = clock.microseconds;
    return true;
  }

  protected column(): Column {
    const { type } = this.field;
    const zone = type.kind === "timestamp" ? type.zone : undefined;
    return { ...this.base(), type: "timestamp", zone, values: this.values.slice(0, this.length) };
  }
}

class DecimalBuilder extends Builder {
  private values = new BigInt64Array(this.capacity * 2);
  private halves = new Int32Array(this.values.buffer);
  private readonly precision: number;
  private readonly scale: number;
  /** The first number of units that has too many digits. */
  private readonly limit: number;

  constructor(field: Field, precision: number, scale: number, capacity: number) {
    super(field, capacity);
    this.precision = precision;
    this.scale = scale;
    this.limit = 10 ** precision;
  }

  add(bytes: Uint8Array, start: number, end: number): boolean {
    const words = decimalWords(this.precision);
    const units = smallUnits(bytes, start, end, this.scale);
    if (Math.abs(units) < this.limit) {
      const word = words * this.length++;
      putWhole(this.halves, word, units);
      if (words === 2) this.values[word + 1] = units < 0 ? -1n : 0n;
      return true;
    }
    const value = parseDecimal(textOf(bytes, start, end), this.precision, this.scale);
    if (value === undefined) return false;
    writeDecimal(this.values, words, this.length++, value);
    return true;
  }

  protected column(): Column {
    const { precision, scale } = this;
    const values = this.values.slice(0, this.length * decimalWords(precision));
    return { ...this.base(), type: "decimal", precision, scale, values };
  }
}

/** Nested values as JSON, bytes as base64: rare in CSV, so that they go by way of values. */
class ValueBuilder extends Builder {
  private values: unknown[] = [];

  add(bytes: Uint8Array, start: number, end: number): boolean {
    const text = textOf(bytes, start, end);
    const { kind } = this.field.type;
    if (kind === "null") return false;
    try {
      const value: unknown = kind === "binary" ? text : parseJson(text);
      this.values.push(valueOfJson(value, this.field, this.field.name));
    } catch {
      return false;
    }
    this.length++;
    return true;
  }

  protected override skip(): void {
    this.values.push(null);
  }

  protected column(): Column {
    const { name, type } = this.field;
    const column = buildColumnAs(name, type, this.values, "null");
    this.values = [];
    this.base();
    return column;
  }
}

/** A builder for up to `capacity` values. */
export function columnBuilder(field: Field, capacity: number): ColumnBuilder {
  const { type } = field;
  switch (type.kind) {
    case "utf8":
      return new TextBuilder(field, capacity);
    case "int32":
    case "date":
      return new Int32Builder(field, capacity);
    case "int53":
    case "int64":
      return new Int64Builder(field, capacity);
    case "float64":
      return new FloatBuilder(field, capacity);
    case "bool":
      return new BoolBuilder(field, capacity);
    case "timestamp":
      return new TimestampBuilder(field, capacity);
    case "decimal":
      return new DecimalBuilder(field, type.precision, type.scale, capacity);
    default:
      return new ValueBuilder(field, capacity);
  }
}

export function notOfType(text: string, field: Field): string {
  const shown = text === "" ? "nothing" : JSON.stringify(text.slice(0, 80));
  return `${shown} in column "${field.name}" is no ${typeText(field.type)}`;
}
