// Lines of JSON to typed columns: values go from their bytes into columns, those of unusual lines by way of JavaScript values.

import { buildColumnAs } from "../../batch/build-column.ts";
import type { Column } from "../../batch/column.ts";
import { assert } from "../../errors.ts";
import type { DataType, Field } from "../../plan/types.ts";
import { type ColumnBuilder, columnBuilder, Validity } from "../fields/column-builder.ts";
import { JsonFault, valueOfJson, wholeOfDigits } from "./json-values.ts";
import { LongNumber, parseJson } from "./long-numbers.ts";
import {
  countFields,
  jsonAbsent,
  jsonBool,
  jsonEscaped,
  jsonExponent,
  jsonFraction,
  jsonKinds,
  jsonNull,
  jsonObject,
  jsonText,
  jsonWhole,
  RecordScanner,
} from "./scan-record.ts";

/** The column of one field, as it grows. */
interface Part {
  /** Whether what the scanner found can be added without a look at JavaScript values. */
  accepts(): boolean;
  /** Adds what the scanner found; false where it is none of the type. */
  add(bytes: Uint8Array): boolean;
  /** Adds a value that was found to fit. */
  put(value: unknown): boolean;
  addNull(): void;
  take(): Column;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const anyLength = 0x7fff_ffff;
/** By kind, up to how many bytes of a value go into a column of the type; undefined where all go by their values. */
function bytesTaken({ kind }: DataType): Int32Array | undefined {
  const taken = new Int32Array(jsonKinds).fill(-1);
  switch (kind) {
    case "utf8":
      taken[jsonEscaped] = anyLength;
      taken[jsonText] = anyLength;
      return taken;
    case "date":
    case "timestamp":
      taken[jsonText] = anyLength;
      return taken;
    case "bool":
      taken[jsonBool] = anyLength;
      return taken;
    case "int32":
    case "int53":
    case "int64":
      taken[jsonWhole] = anyLength;
      return taken;
    case "float64":
      taken[jsonWhole] = anyLength;
      taken[jsonFraction] = anyLength;
      taken[jsonExponent] = anyLength;
      return taken;
    case "decimal":
      taken[jsonWhole] = anyLength;
      taken[jsonFraction] = anyLength;
      taken[jsonExponent] = anyLength;
      taken[jsonText] = anyLength;
      return taken;
    default:
      return undefined;
  }
}

/** The text of a value that fits, as builders of columns read it. */
function fieldText(value: unknown, { kind }: DataType): string {
  if (value instanceof LongNumber) {
    const isWhole = kind === "int32" || kind === "int53" || kind === "int64";
    return isWhole ? String(wholeOfDigits(value.digits)) : value.digits;
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

function isNothing(kind: number): boolean {
  return kind === jsonAbsent || kind === jsonNull;
}

/** Types whose columns are made of bytes. */
class BytesPart implements Part {
  private readonly field: Field;
  private readonly number: number;
  private readonly scanner: RecordScanner;
  private readonly builder: ColumnBuilder;
  private readonly taken: Int32Array;

  constructor(
    field: Field,
    number: number,
    scanner: RecordScanner,
    taken: Int32Array,
    capacity: number,
  ) {
    this.field = field;
    this.number = number;
    this.scanner = scanner;
    this.taken = taken;
    this.builder = columnBuilder(field, capacity);
  }

  accepts(): boolean {
    const { number, scanner } = this;
    const kind = scanner.kinds[number]!;
    if (isNothing(kind)) return this.field.nullable;
    return scanner.ends[number]! - scanner.starts[number]! <= this.taken[kind]!;
  }

  add(bytes: Uint8Array): boolean {
    const { number, scanner, builder } = this;
    const kind = scanner.kinds[number]!;
    if (isNothing(kind)) return this.put(null);
    const start = scanner.starts[number]!;
    const end = scanner.ends[number]!;
    if (kind !== jsonEscaped) return builder.add(bytes, start, end);
    return this.put(JSON.parse(decoder.decode(bytes.subarray(start, end))));
  }

  put(value: unknown): boolean {
    if (value === null || value === undefined) {
      this.builder.addNull();
      return true;
    }
    const bytes = encoder.encode(fieldText(value, this.field.type));
    return this.builder.add(bytes, 0, bytes.length);
  }

  addNull(): void {
    this.builder.addNull();
  }

  take(): Column {
    return this.builder.take();
  }
}

/** Types that have no simple text: their values are parsed one by one. */
class ValuesPart implements Part {
  private readonly field: Field;
  private readonly path: string;
  private readonly number: number;
  private readonly scanner: RecordScanner;
  private values: unknown[] = [];

  constructor(field: Field, path: string, number: number, scanner: RecordScanner) {
    this.field = field;
    this.path = path;
    this.number = number;
    this.scanner = scanner;
  }

  accepts(): boolean {
    return true;
  }

  add(bytes: Uint8Array): boolean {
    const { number, scanner } = this;
    const kind = scanner.kinds[number]!;
    if (isNothing(kind)) return this.put(null);
    const text = decoder.decode(bytes.subarray(scanner.starts[number], scanner.ends[number]));
    return this.put(kind === jsonText ? text : parseJson(text));
  }

  put(value: unknown): boolean {
    this.values.push(valueOfJson(value, this.field, this.path));
    return true;
  }

  addNull(): void {
    this.values.push(undefined);
  }

  take(): Column {
    const { field, values } = this;
    this.values = [];
    return buildColumnAs(field.name, field.type, values, "null");
  }
}

class StructPart implements Part {
  private readonly field: Field;
  private readonly number: number;
  private readonly scanner: RecordScanner;
  private readonly parts: readonly Part[];
  private readonly names: readonly string[];
  private readonly validity: Validity;
  private length = 0;

  constructor(
    field: Field,
    number: number,
    scanner: RecordScanner,
    inside: readonly Field[],
    parts: readonly Part[],
    capacity: number,
  ) {
    this.field = field;
    this.number = number;
    this.scanner = scanner;
    this.parts = parts;
    this.names = inside.map(({ name }) => name);
    this.validity = new Validity(capacity);
  }

  accepts(): boolean {
    const kind = this.scanner.kinds[this.number]!;
    if (isNothing(kind)) return this.field.nullable;
    return kind === jsonObject && this.parts.every((part) => part.accepts());
  }

  add(bytes: Uint8Array): boolean {
    if (isNothing(this.scanner.kinds[this.number]!)) {
      this.addNull();
      return true;
    }
    this.length++;
    for (const part of this.parts) if (!part.add(bytes)) return false;
    return true;
  }

  put(value: unknown): boolean {
    if (value === null || value === undefined) {
      this.addNull();
      return true;
    }
    this.length++;
    const record = value as Readonly<Record<string, unknown>>;
    return this.parts.every((part, index) => part.put(ownValue(record, this.names[index]!)));
  }

  addNull(): void {
    this.validity.clear(this.length++);
    for (const part of this.parts) part.addNull();
  }

  take(): Column {
    const { length } = this;
    this.length = 0;
    const validity = this.validity.take(length);
    const fields = this.parts.map((part) => part.take());
    return { name: this.field.name, length, nulls: "null", validity, type: "struct", fields };
  }
}

function ownValue(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function partsOf(
  fields: readonly Field[],
  path: string,
  first: number,
  scanner: RecordScanner,
  capacity: number,
): readonly Part[] {
  let number = first;
  return fields.map((field) => {
    const { name, type } = field;
    const own = number++;
    const taken = bytesTaken(type);
    if (taken !== undefined) return new BytesPart(field, own, scanner, taken, capacity);
    if (type.kind !== "struct") return new ValuesPart(field, `${path}${name}`, own, scanner);
    const inside = partsOf(type.fields, `${path}${name}.`, number, scanner, capacity);
    number += countFields(type.fields);
    return new StructPart(field, own, scanner, type.fields, inside, capacity);
  });
}

export class JsonRecords {
  private readonly fields: readonly Field[];
  private readonly scanner: RecordScanner;
  private readonly parts: readonly Part[];
  /** Since columns were taken. */
  rows = 0;

  /** For up to `capacity` rows at a time. */
  constructor(fields: readonly Field[], capacity: number) {
    this.fields = fields;
    this.scanner = new RecordScanner(fields);
    this.parts = partsOf(fields, "", 0, this.scanner, capacity);
  }

  /**
   * Adds a line, if it is not empty. `bytes` are UTF-8, with a newline at `end`. Throws JsonFault, or SyntaxError, for
   * what is no record of the schema, after which nothing can be added.
   */
  add(bytes: Uint8Array, start: number, end: number): void {
    const { parts } = this;
    if (this.scanner.scan(bytes, start, end) && this.accepts()) {
      let areAll = true;
      for (let i = 0; areAll && i < parts.length; i++) areAll = parts[i]!.add(bytes);
      if (areAll) {
        this.rows++;
        return;
      }
      // Says what does not fit.
      this.parse(bytes.subarray(start, end));
      assert(false, "a value that is none of its type was found to be one");
    }
    const record = this.parse(bytes.subarray(start, end));
    if (record === undefined) return;
    for (const [index, { name }] of this.fields.entries()) {
      const isAdded = parts[index]!.put(ownValue(record, name));
      assert(isAdded, `a value of "${name}" was found to fit, and then did not`);
    }
    this.rows++;
  }

  private accepts(): boolean {
    const { parts } = this;
    for (let i = 0; i < parts.length; i++) if (!parts[i]!.accepts()) return false;
    return true;
  }

  /** A record whose values all fit the schema; undefined for an empty line. */
  private parse(line: Uint8Array): Readonly<Record<string, unknown>> | undefined {
    const text = decoder.decode(line);
    if (text.trim() === "") return undefined;
    const record = parseJson(text);
    if (typeof record !== "object" || record === null || Array.isArray(record)) {
      throw new JsonFault("the line is no object, which columns need");
    }
    const values = record as Readonly<Record<string, unknown>>;
    for (const field of this.fields) valueOfJson(ownValue(values, field.name), field, field.name);
    return values;
  }

  take(): readonly Column[] {
    this.rows = 0;
    return this.parts.map((part) => part.take());
  }
}
