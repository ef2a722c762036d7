// Whole numbers and digits of decimals as doubles, where these are exact: money in decimals of 30 digits, as products
// have them, is mostly below 2^53, and a loop over doubles takes a hundredth of one over bigints.

import type { DataType } from "../../../proto/plan/types.ts";
import { halvesOf, isValidAt, type Vector, type WordVector, wordsOf } from "./vector.ts";

/** Words that were made of doubles, or that are exact in each slot: the next function need not do so again. */
const doublesOf = new WeakMap<BigInt64Array, Float64Array>();
/** Vectors that are doubles still. */
const unwritten = new WeakMap<WordVector, Float64Array>();

/** Upper halves of whole numbers from -2^53 to 2^53. */
const upperMax = 2 ** 21;

/** `all`: of each slot; `valid`: what stands at some nulls is no double; undefined where a value is none. */
type Exactness = "all" | "valid" | undefined;

function readShort(vector: WordVector, out: Float64Array): Exactness {
  const halves = halvesOf(vector.values);
  let exactness: Exactness = "all";
  for (let i = 0; i < out.length; i++) {
    const upper = halves[2 * i + 1]!;
    if (upper < upperMax && upper >= -upperMax)
      out[i] = upper * 4294967296 + (halves[2 * i]! >>> 0);
    else if (isValidAt(vector, i)) return undefined;
    else exactness = "valid";
  }
  return exactness;
}

function readLong(vector: WordVector, out: Float64Array): Exactness {
  const halves = halvesOf(vector.values);
  let exactness: Exactness = "all";
  for (let i = 0; i < out.length; i++) {
    const upper = halves[4 * i + 1]!;
    const sign = upper >> 31;
    const isShort = halves[4 * i + 2] === sign && halves[4 * i + 3] === sign;
    if (isShort && upper < upperMax && upper >= -upperMax) {
      out[i] = upper * 4294967296 + (halves[4 * i]! >>> 0);
    } else if (isValidAt(vector, i)) return undefined;
    else exactness = "valid";
  }
  return exactness;
}

/** Doubles of a vector whose words nobody asked for yet, or that its words were made of. */
export function unwrittenDoubles(vector: Vector): Float64Array | undefined {
  return vector.form === "words"
    ? (unwritten.get(vector) ?? doublesOf.get(vector.values))
    : undefined;
}

/** Each slot as a double; undefined where a value is beyond 2^53. What stands at nulls means nothing. */
export function exactDoubles(vector: Vector): Float64Array | Int32Array | undefined {
  if (vector.form === "number") return vector.type.kind === "float64" ? undefined : vector.values;
  if (vector.form !== "words") return undefined;
  const known = unwrittenDoubles(vector);
  if (known !== undefined) return known;
  const out = new Float64Array(vector.length);
  const read = wordsOf(vector.type) === 1 ? readShort : readLong;
  const exactness = read(vector, out);
  // Other vectors of these words may have values where this one has nulls, as `a` beside `nullIf(a, b)`.
  if (exactness === "all") doublesOf.set(vector.values, out);
  return exactness && out;
}

const written = new WeakMap<WordVector, BigInt64Array>();

/** One getter for all vectors, which so are of one shape; a property of their own, so that copies have the values. */
const writtenOnceAsked: PropertyDescriptor & ThisType<WordVector> = {
  enumerable: true,
  get() {
    let words = written.get(this);
    if (words === undefined) {
      words = writtenWords(this.type, unwritten.get(this)!);
      written.set(this, words);
    }
    return words;
  },
};

/** Whole doubles between -2^53 and 2^53 as words of the type, which are written once somebody asks for them. */
export function wordsOfDoubles(
  type: DataType,
  doubles: Float64Array,
  valid: Uint8Array | undefined,
): WordVector {
  const { length } = doubles;
  const vector = { form: "words", type, length, constant: false, valid } as WordVector;
  Object.defineProperty(vector, "values", writtenOnceAsked);
  unwritten.set(vector, doubles);
  return vector;
}

function writtenWords(type: DataType, doubles: Float64Array): BigInt64Array {
  const perSlot = wordsOf(type);
  const values = new BigInt64Array(doubles.length * perSlot);
  const halves = halvesOf(values);
  for (let i = 0, at = 0; i < doubles.length; i++, at += 2 * perSlot) {
    const value = doubles[i]!;
    const upper = Math.floor(value / 4294967296);
    halves[at] = value - upper * 4294967296;
    halves[at + 1] = upper;
    if (perSlot === 1) continue;
    halves[at + 2] = upper >> 31;
    halves[at + 3] = upper >> 31;
  }
  doublesOf.set(values, doubles);
  return values;
}
