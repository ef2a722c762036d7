// What kernels compute on: columns in the few forms that loops want, and constants of one slot.

import { type Column, columnType } from "../../../proto/batch/column.ts";
import { integersToNumbers } from "../../../proto/batch/decode-column.ts";
import { flatText } from "../../../proto/batch/flat-text.ts";
import { AssertionError, assert } from "../../../proto/errors.ts";
import { type DataType, decimalPrecisionOfOneWord } from "../../../proto/plan/types.ts";
import { packBits, unpackBits } from "./bits.ts";

interface VectorBase {
  readonly type: DataType;
  /** Slots; 1 of a constant, which stands for any number of rows. */
  readonly length: number;
  readonly constant: boolean;
  /** Arrow validity bits; undefined when every slot is valid. Invalid slots hold anything. */
  readonly valid: Uint8Array | undefined;
}

/** int32 and date as 32 bits; float64, int53 and decimals of at most 15 digits as doubles. */
export interface NumberVector extends VectorBase {
  readonly form: "number";
  readonly values: Float64Array | Int32Array;
}

/** int64, timestamp and larger decimals: one word of 64 bits each, or two, the lower first. */
export interface WordVector extends VectorBase {
  readonly form: "words";
  readonly values: BigInt64Array;
}

/** 0 or 1, a byte each. */
export interface BoolVector extends VectorBase {
  readonly form: "bool";
  readonly values: Uint8Array;
}

/** utf8, binary, json. With `codes`, offsets and bytes are those of a dictionary without nulls. */
export interface TextVector extends VectorBase {
  readonly form: "text";
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  readonly codes: Int32Array | undefined;
}

export interface ListVector extends VectorBase {
  readonly form: "list";
  readonly offsets: Int32Array;
  readonly item: Vector;
}

export interface StructVector extends VectorBase {
  readonly form: "struct";
  readonly fields: readonly Vector[];
}

export interface NullVector extends VectorBase {
  readonly form: "null";
}

export type Vector =
  | NumberVector
  | WordVector
  | BoolVector
  | TextVector
  | ListVector
  | StructVector
  | NullVector;

/** Decimals of up to this many digits are whole doubles: all of them are below 2^53. */
export const decimalPrecisionOfDouble = 15;

export type Form = Vector["form"];

export function formOf(type: DataType): Form {
  switch (type.kind) {
    case "null":
    case "any":
      return "null";
    case "bool":
      return "bool";
    case "int32":
    case "int53":
    case "float64":
    case "date":
      return "number";
    case "int64":
    case "timestamp":
      return "words";
    case "decimal":
      return type.precision <= decimalPrecisionOfDouble ? "number" : "words";
    case "utf8":
    case "binary":
    case "json":
      return "text";
    case "list":
      return "list";
    case "struct":
      return "struct";
  }
}

/** Whether numbers of the type lie in an Int32Array. */
export function isShort(type: DataType): boolean {
  return type.kind === "int32" || type.kind === "date";
}

export function wordsOf(type: DataType): 1 | 2 {
  return type.kind === "decimal" && type.precision > decimalPrecisionOfOneWord ? 2 : 1;
}

export function numberVector(
  type: DataType,
  values: Float64Array | Int32Array,
  valid: Uint8Array | undefined,
): NumberVector {
  return { form: "number", type, length: values.length, constant: false, valid, values };
}

export function wordVector(
  type: DataType,
  values: BigInt64Array,
  valid: Uint8Array | undefined,
): WordVector {
  const length = values.length / wordsOf(type);
  return { form: "words", type, length, constant: false, valid, values };
}

export function boolVector(
  type: DataType,
  values: Uint8Array,
  valid: Uint8Array | undefined,
): BoolVector {
  return { form: "bool", type, length: values.length, constant: false, valid, values };
}

export function textVector(
  type: DataType,
  { offsets, values }: { readonly offsets: Int32Array; readonly values: Uint8Array },
  valid: Uint8Array | undefined,
): TextVector {
  const length = offsets.length - 1;
  return {
    form: "text",
    type,
    length,
    constant: false,
    valid,
    offsets,
    bytes: values,
    codes: undefined,
  };
}

export function nullVector(length: number): NullVector {
  return {
    form: "null",
    type: { kind: "null" },
    length,
    constant: false,
    valid: new Uint8Array((length + 7) >> 3),
  };
}

/** The same values as those of a constant. */
export function asConstant<V extends Vector>(vector: V): V {
  assert(vector.length === 1, `a constant has one slot, not ${vector.length}`);
  return { ...vector, constant: true };
}

export function isValidAt(vector: Vector, row: number): boolean {
  if (vector.form === "null") return false;
  const bits = vector.valid;
  if (bits === undefined) return true;
  const slot = vector.constant ? 0 : row;
  return ((bits[slot >> 3]! >> (slot & 7)) & 1) === 1;
}

/** Words of 64 bits as pairs of halves, the lower first. */
export function halvesOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** Vectors of numbers that were words of 64 bits. */
const wordsBehind = new WeakMap<Vector, BigInt64Array>();

/** Words that the numbers of a vector are read from; undefined of others. */
export function wordsOfNumbers(vector: Vector): BigInt64Array | undefined {
  return wordsBehind.get(vector);
}

const numbersRead = new WeakMap<Vector, Float64Array>();

/**
 * One getter for all, since an object with one of its own is a table of names for the engine; a property of the object
 * itself, so that copies of it have the values.
 */
const readOnceAsked: PropertyDescriptor & ThisType<Vector> = {
  enumerable: true,
  get() {
    let numbers = numbersRead.get(this);
    if (numbers === undefined) {
      numbers = integersToNumbers(wordsBehind.get(this)!);
      numbersRead.set(this, numbers);
    }
    return numbers;
  },
};

/** Numbers that are read once somebody asks for them: sums read the words as they are. */
function numbersOfWords(
  type: DataType,
  length: number,
  valid: Uint8Array | undefined,
  words: BigInt64Array,
): NumberVector {
  const vector = { form: "number", type, length, constant: false, valid } as NumberVector;
  Object.defineProperty(vector, "values", readOnceAsked);
  wordsBehind.set(vector, words);
  return vector;
}

/** Each form is written out: what comes behind a spread in a literal is added by the engine's slow path, each time. */
export function vectorOfColumn(column: Column): Vector {
  const type = columnType(column);
  const { length, validity: valid } = column;
  const constant = false;
  switch (column.type) {
    case "null":
      return nullVector(length);
    case "bool":
      return boolVector(type, unpackBits(column.values, length), valid);
    case "int32":
    case "date":
    case "float64": {
      const values = column.values.subarray(0, length);
      return { type, length, constant, valid, form: "number", values };
    }
    case "int53":
      return numbersOfWords(type, length, valid, column.values.subarray(0, length));
    case "int64":
    case "timestamp": {
      const values = column.values.subarray(0, length);
      return { type, length, constant, valid, form: "words", values };
    }
    case "decimal": {
      const values = column.values.subarray(0, length * wordsOf(type));
      if (formOf(type) !== "words") return numbersOfWords(type, length, valid, values);
      return { type, length, constant, valid, form: "words", values };
    }
    case "utf8":
    case "json":
    case "binary": {
      const offsets = column.offsets.subarray(0, length + 1);
      const bytes = column.values;
      return { type, length, constant, valid, form: "text", offsets, bytes, codes: undefined };
    }
    case "dictionary": {
      const { offsets, values: bytes } = column.dictionary;
      const codes = column.codes.subarray(0, length);
      return { type, length, constant, valid, form: "text", offsets, bytes, codes };
    }
    case "list": {
      const offsets = column.offsets.subarray(0, length + 1);
      const item = vectorOfColumn(column.item);
      return { type, length, constant, valid, form: "list", offsets, item };
    }
    case "struct": {
      const fields = column.fields.map(vectorOfColumn);
      return { type, length, constant, valid, form: "struct", fields };
    }
  }
}

/** Doubles that are whole to words of 64 bits, by halves. */
export function numbersToWords(values: Float64Array | Int32Array): BigInt64Array {
  const out = new BigInt64Array(values.length);
  const halves = halvesOf(out);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const high = Math.floor(value / 4294967296);
    halves[2 * i + 1] = high;
    halves[2 * i] = value - high * 4294967296;
  }
  return out;
}

/** Text of a dictionary as plain text. */
export function flatVector(vector: TextVector): TextVector {
  const { codes, length, valid, bytes, offsets } = vector;
  if (codes === undefined) return vector;
  const flat = flatText({
    name: "",
    type: "dictionary",
    nulls: "null",
    length,
    validity: valid,
    codes,
    dictionary: {
      name: "",
      type: "utf8",
      nulls: "null",
      length: offsets.length - 1,
      validity: undefined,
      offsets,
      values: bytes,
    },
  });
  return { ...vector, offsets: flat.offsets, bytes: flat.values, codes: undefined };
}

/** `vector` has a slot for each row: constants were expanded before. */
export function columnOfVector(name: string, vector: Vector): Column {
  assert(!vector.constant, `column ${name} is made of a constant`);
  const { type, length, valid } = vector;
  const base = { name, length, nulls: "null", validity: valid } as const;
  switch (vector.form) {
    case "null":
      return { ...base, type: "null", validity: undefined };
    case "bool":
      return { ...base, type: "bool", values: packBits(vector.values) };
    case "number":
      return columnOfNumbers(base, vector);
    case "words":
      return columnOfWords(base, vector);
    case "text":
      return columnOfText(base, vector);
    case "list":
      return {
        ...base,
        type: "list",
        offsets: vector.offsets,
        item: columnOfVector("item", vector.item),
      };
    case "struct": {
      assert(type.kind === "struct", "a vector of structs has their type");
      const fields = type.fields.map((field, index) =>
        columnOfVector(field.name, vector.fields[index]!),
      );
      return { ...base, type: "struct", fields };
    }
  }
}

interface Base {
  readonly name: string;
  readonly length: number;
  readonly nulls: "null";
  readonly validity: Uint8Array | undefined;
}

function columnOfNumbers(base: Base, { type, values }: NumberVector): Column {
  switch (type.kind) {
    case "int32":
    case "date":
      return { ...base, type: type.kind, values: values as Int32Array };
    case "float64":
      return { ...base, type: "float64", values: values as Float64Array };
    case "int53":
      return { ...base, type: "int53", values: numbersToWords(values) };
    case "decimal": {
      const { precision, scale } = type;
      return { ...base, type: "decimal", precision, scale, values: numbersToWords(values) };
    }
    default:
      throw new AssertionError(`numbers of the type ${type.kind}`);
  }
}

function columnOfWords(base: Base, { type, values }: WordVector): Column {
  switch (type.kind) {
    case "int64":
      return { ...base, type: "int64", values };
    case "timestamp":
      return { ...base, type: "timestamp", zone: type.zone, values };
    case "decimal": {
      const { precision, scale } = type;
      return { ...base, type: "decimal", precision, scale, values };
    }
    default:
      throw new AssertionError(`words of the type ${type.kind}`);
  }
}

function columnOfText(base: Base, vector: TextVector): Column {
  const { codes, offsets, bytes, type } = vector;
  if (codes !== undefined) {
    const dictionary: Column = {
      name: base.name,
      type: "utf8",
      nulls: "null",
      length: offsets.length - 1,
      validity: undefined,
      offsets,
      values: bytes,
    };
    return { ...base, type: "dictionary", codes, dictionary };
  }
  const kind = type.kind as "utf8" | "binary" | "json";
  return { ...base, type: kind, offsets, values: bytes };
}
