// Tagged JSON: how JavaScript values of rows and results cross processes without losing what JSON lacks.

import { EngineError } from "../errors.ts";

/** Levels of arrays and objects in each other: what is deeper is a cycle, or soon will be too much for a stack. */
const depthMax = 64;

/** One-key objects that stand for what JSON cannot say; a user's own object with such a key is escaped. */
const tagKey = "$millrace";

function tag(kind: string, value?: unknown): unknown {
  return value === undefined ? { [tagKey]: kind } : { [tagKey]: kind, v: value };
}

function numberToPlain(value: number): unknown {
  if (Number.isNaN(value)) return tag("nan");
  if (value === Number.POSITIVE_INFINITY) return tag("inf");
  if (value === Number.NEGATIVE_INFINITY) return tag("-inf");
  if (Object.is(value, -0)) return tag("-0");
  return value;
}

/** Whether nothing of an object would be left: maps, sets, promises, errors and the like have no keys. */
function losesItself(value: object): boolean {
  if (value instanceof Map || value instanceof Set || value instanceof RegExp) return true;
  const prototype = Object.getPrototypeOf(value) as unknown;
  if (prototype === Object.prototype || prototype === null) return false;
  return Object.keys(value).length === 0;
}

function objectToPlain(value: object, depth: number): unknown {
  if (Array.isArray(value)) return value.map((item) => toPlain(item, depth + 1));
  if (value instanceof Date) return tag("date", numberToPlain(value.getTime()));
  if (value instanceof Uint8Array) return tag("bytes", Array.from(value));
  if (losesItself(value)) {
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `a ${value.constructor?.name ?? "object"} cannot be a row or a part of one; return plain objects, arrays and scalars`,
    );
  }
  // Not by assignment: that would set the prototype for the key `__proto__` and lose its value.
  const plain: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, toPlain(item, depth + 1)]),
  );
  return Object.hasOwn(plain, tagKey) ? tag("object", plain) : plain;
}

function toPlain(value: unknown, depth: number): unknown {
  if (depth > depthMax) {
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `a value is nested deeper than ${depthMax} levels or circular`,
    );
  }
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return numberToPlain(value);
    case "bigint":
      return tag("bigint", value.toString());
    case "undefined":
      return tag("undefined");
    case "object":
      return value === null ? null : objectToPlain(value, depth);
    case "function":
    case "symbol":
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `a ${typeof value} cannot be a row or a part of one`,
      );
    default:
      throw new EngineError("VALUE_UNSUPPORTED", `a ${typeof value} cannot be a row`);
  }
}

function fromTagged(kind: unknown, value: unknown): unknown {
  switch (kind) {
    case "nan":
      return Number.NaN;
    case "inf":
      return Number.POSITIVE_INFINITY;
    case "-inf":
      return Number.NEGATIVE_INFINITY;
    case "-0":
      return -0;
    case "bigint":
      return BigInt(value as string);
    case "undefined":
      return undefined;
    case "date":
      return new Date(fromPlain(value) as number);
    case "bytes":
      return Uint8Array.from(value as number[]);
    case "object":
      return objectFromPlain(value as object);
    case "rows":
      return rowsFromPieces(value as readonly RowsPiece[]);
    default:
      throw new EngineError("MESSAGE_INVALID", `unknown value tag ${String(kind)}`);
  }
}

/** As `rows-text.ts` writes them: rows one by one, or records of the same keys by columns. */
type RowsPiece = readonly unknown[] | ColumnsPiece;

interface ColumnsPiece {
  readonly rows: number;
  readonly names: readonly string[];
  readonly columns: readonly (readonly unknown[] | Words)[];
}

/** Each text once, and for each row which it is. */
interface Words {
  readonly words: readonly string[];
  readonly at: readonly number[];
}

function rowsFromPieces(pieces: readonly RowsPiece[]): unknown[] {
  const rows: unknown[] = [];
  for (const piece of pieces) {
    if ("columns" in piece) addRecords(rows, piece);
    else for (let i = 0; i < piece.length; i++) rows.push(fromPlain(piece[i]));
  }
  return rows;
}

/** Each record is a copy of one with the keys, which are thereby its own, whatever they are. */
function addRecords(rows: unknown[], { rows: count, names, columns }: ColumnsPiece): void {
  const blank = Object.fromEntries(names.map((name) => [name, undefined as unknown]));
  const first = rows.length;
  for (let i = 0; i < count; i++) rows.push({ ...blank });
  for (let k = 0; k < names.length; k++) {
    const name = names[k]!;
    const column = columns[k]!;
    const { words, at } = "words" in column ? column : { words: undefined, at: column };
    for (let i = 0; i < count; i++) {
      const value = words === undefined ? fromPlain(at[i]) : words[at[i] as number];
      (rows[first + i] as Record<string, unknown>)[name] = value;
    }
  }
}

function objectFromPlain(value: object): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(object, key, {
      value: fromPlain(item),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return object;
}

function fromPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  if (Object.hasOwn(value, tagKey)) {
    const tagged = value as { readonly [tagKey]: unknown; readonly v?: unknown };
    return fromTagged(tagged[tagKey], tagged.v);
  }
  return objectFromPlain(value);
}

/** Whether JSON says all of a value as it stands, as it does of most rows: they are then not copied first. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0);
    case "object":
      return value === null || (depth <= depthMax && isPlainObject(value, depth));
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) if (!isPlain(value[at], depth + 1)) return false;
    return true;
  }
  // Another prototype may say by `toJSON` something else than its fields.
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key of Object.keys(value)) {
    if (key === tagKey || !isPlain((value as Record<string, unknown>)[key], depth + 1))
      return false;
  }
  return true;
}

/** Encodes any supported value; throws VALUE_UNSUPPORTED for functions, symbols, maps, sets and cycles. */
export function encodeValue(value: unknown): string {
  return JSON.stringify(isPlain(value, 0) ? value : toPlain(value, 0));
}

/** Decodes what `encodeValue` made; throws MESSAGE_INVALID on anything else. */
export function decodeValue(text: string): unknown {
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch (cause) {
    throw new EngineError("MESSAGE_INVALID", "a value is not valid tagged JSON", {}, cause);
  }
  // Most values have no tag, and stand there as they are; where one is escaped, it may be a tag's.
  if (!text.includes(tagKey) && !text.includes("\\u")) return plain;
  return fromPlain(plain);
}
