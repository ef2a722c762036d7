// Slots of vectors in a new order, and vectors end to end: how branches get their rows and give results.

import { assert } from "../../../proto/errors.ts";
import { type DataType, typeText } from "../../../proto/plan/types.ts";
import { unlessFull, validityOfBytes } from "./bits.ts";
import {
  flatVector,
  formOf,
  halvesOf,
  isShort,
  isValidAt,
  nullVector,
  type TextVector,
  type Vector,
  wordsOf,
} from "./vector.ts";

/** Row numbers in rising order. */
export type Indices = Int32Array;

function takeValidity(vector: Vector, indices: Indices): Uint8Array | undefined {
  let all = vector.valid === undefined;
  for (let i = 0; all && i < indices.length; i++) all = indices[i]! >= 0;
  if (all) return undefined;
  const out = new Uint8Array((indices.length + 7) >> 3);
  const bits = vector.valid;
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]!;
    if (from < 0) continue;
    const bit = bits === undefined ? 1 : (bits[from >> 3]! >> (from & 7)) & 1;
    out[i >> 3] = out[i >> 3]! | (bit << (i & 7));
  }
  return unlessFull(out, indices.length);
}

function takeText(vector: TextVector, indices: Indices, valid: Uint8Array | undefined): Vector {
  const { codes, offsets: from, bytes } = vector;
  if (codes !== undefined) {
    const taken = new Int32Array(indices.length);
    for (let i = 0; i < indices.length; i++) taken[i] = indices[i]! < 0 ? 0 : codes[indices[i]!]!;
    return { ...vector, length: indices.length, constant: false, valid, codes: taken };
  }
  const offsets = new Int32Array(indices.length + 1);
  let end = 0;
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!;
    if (row >= 0) end += from[row + 1]! - from[row]!;
    offsets[i + 1] = end;
  }
  const out = new Uint8Array(end);
  for (let i = 0; i < indices.length; i++) {
    let to = offsets[i]!;
    const stop = offsets[i + 1]!;
    if (stop - to > 32) out.set(bytes.subarray(from[indices[i]!]!, from[indices[i]! + 1]!), to);
    else for (let at = from[indices[i]!]!; to < stop; at++, to++) out[to] = bytes[at]!;
  }
  const length = indices.length;
  return { ...vector, length, constant: false, valid, offsets, bytes: out };
}

/** The slots at `indices`; a negative one is null. */
export function takeRows(vector: Vector, indices: Indices): Vector {
  const { length } = indices;
  if (vector.form === "null") return nullVector(length);
  const valid = takeValidity(vector, indices);
  switch (vector.form) {
    case "number": {
      const { values } = vector;
      const out = isShort(vector.type) ? new Int32Array(length) : new Float64Array(length);
      for (let i = 0; i < length; i++) out[i] = values[indices[i]!] ?? 0;
      return { ...vector, length, constant: false, valid, values: out };
    }
    case "bool": {
      const out = new Uint8Array(length);
      for (let i = 0; i < length; i++) out[i] = vector.values[indices[i]!] ?? 0;
      return { ...vector, length, constant: false, valid, values: out };
    }
    case "words": {
      const words = wordsOf(vector.type);
      const out = new BigInt64Array(length * words);
      const from = halvesOf(vector.values);
      const halves = halvesOf(out);
      const each = words * 2;
      for (let i = 0; i < length; i++) {
        if (indices[i]! < 0) continue;
        for (let k = 0, at = indices[i]! * each; k < each; k++)
          halves[i * each + k] = from[at + k]!;
      }
      return { ...vector, length, constant: false, valid, values: out };
    }
    case "text":
      return takeText(vector, indices, valid);
    case "list": {
      const { offsets, items } = listSlots(vector.offsets, indices);
      const item = takeRows(vector.item, items);
      return { ...vector, length, constant: false, valid, offsets, item };
    }
    case "struct": {
      const fields = vector.fields.map((field) => takeRows(field, indices));
      return { ...vector, length, constant: false, valid, fields };
    }
  }
}

function listSlots(from: Int32Array, indices: Indices) {
  const offsets = new Int32Array(indices.length + 1);
  let end = 0;
  for (let i = 0; i < indices.length; i++) {
    const row = indices[i]!;
    if (row >= 0) end += from[row + 1]! - from[row]!;
    offsets[i + 1] = end;
  }
  const items = new Int32Array(end);
  for (let i = 0; i < indices.length; i++) {
    let at = indices[i]! < 0 ? 0 : from[indices[i]!]!;
    for (let to = offsets[i]!; to < offsets[i + 1]!; to++, at++) items[to] = at;
  }
  return { offsets, items };
}

/** A slot for each row, also of a constant. */
export function expanded(vector: Vector, rows: number): Vector {
  return vector.constant ? takeRows(vector, new Int32Array(rows)) : vector;
}

function joinedValidity(vectors: readonly Vector[], length: number): Uint8Array | undefined {
  if (vectors.every(({ valid }) => valid === undefined)) return undefined;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const vector of vectors) {
    for (let i = 0; i < vector.length; i++) bytes[at + i] = isValidAt(vector, i) ? 1 : 0;
    at += vector.length;
  }
  return validityOfBytes(bytes);
}

function joinedOffsets(
  vectors: readonly { readonly offsets: Int32Array; readonly length: number }[],
) {
  const length = vectors.reduce((sum, vector) => sum + vector.length, 0);
  const offsets = new Int32Array(length + 1);
  let at = 0;
  for (const { offsets: from, length: own } of vectors) {
    const shift = offsets[at]! - from[0]!;
    for (let i = 1; i <= own; i++) offsets[at + i] = from[i]! + shift;
    at += own;
  }
  return offsets;
}

/** Vectors of one type, or of nulls only, end to end. */
export function joinRows(type: DataType, parts: readonly Vector[]): Vector {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const form = formOf(type);
  if (form === "null") return nullVector(length);
  const vectors = parts.map((part) => (part.form === "null" ? nullsOf(type, part.length) : part));
  const valid = joinedValidity(vectors, length);
  const base = { type, length, constant: false, valid } as const;
  const of = <F extends Vector["form"]>(wanted: F) =>
    vectors.map((vector) => {
      assert(vector.form === wanted, `${typeText(vector.type)} among ${typeText(type)}`);
      return vector as Extract<Vector, { form: F }>;
    });
  switch (form) {
    case "number": {
      const values = isShort(type) ? new Int32Array(length) : new Float64Array(length);
      fillFrom(values, of("number"));
      return { ...base, form, values };
    }
    case "bool": {
      const values = new Uint8Array(length);
      fillFrom(values, of("bool"));
      return { ...base, form, values };
    }
    case "words": {
      const values = new BigInt64Array(length * wordsOf(type));
      let at = 0;
      for (const vector of of("words")) {
        values.set(vector.values, at);
        at += vector.values.length;
      }
      return { ...base, form, values };
    }
    case "text": {
      const flat = of("text").map(flatVector);
      const offsets = joinedOffsets(flat);
      const bytes = new Uint8Array(offsets[length]!);
      let at = 0;
      for (const { bytes: own, offsets: from, length: count } of flat) {
        const piece = own.subarray(from[0]!, from[count]!);
        bytes.set(piece, at);
        at += piece.length;
      }
      return { ...base, form, offsets, bytes, codes: undefined };
    }
    case "list":
      return {
        ...base,
        form,
        offsets: joinedOffsets(of("list")),
        item: joinedItems(type, of("list")),
      };
    case "struct": {
      const fields = (type as Extract<DataType, { kind: "struct" }>).fields.map((field, index) =>
        joinRows(
          field.type,
          of("struct").map((vector) => vector.fields[index]!),
        ),
      );
      return { ...base, form, fields };
    }
  }
}

function joinedItems(type: DataType, lists: readonly Extract<Vector, { form: "list" }>[]): Vector {
  assert(type.kind === "list", "lists end to end are lists");
  const items = lists.map(({ item, offsets, length }) => {
    const start = offsets[0]!;
    const count = offsets[length]! - start;
    return takeRows(
      item,
      Int32Array.from({ length: count }, (_, index) => start + index),
    );
  });
  return joinRows(type.item.type, items);
}

function fillFrom(
  out: Float64Array | Int32Array | Uint8Array,
  vectors: readonly { readonly values: Float64Array | Int32Array | Uint8Array }[],
): void {
  let at = 0;
  for (const { values } of vectors) {
    out.set(values, at);
    at += values.length;
  }
}

/** Nulls of a type. */
export function nullsOf(type: DataType, length: number): Vector {
  const valid = new Uint8Array((length + 7) >> 3);
  const base = { type, length, constant: false, valid } as const;
  const form = formOf(type);
  switch (form) {
    case "null":
      return nullVector(length);
    case "number":
      return {
        ...base,
        form,
        values: isShort(type) ? new Int32Array(length) : new Float64Array(length),
      };
    case "bool":
      return { ...base, form, values: new Uint8Array(length) };
    case "words":
      return { ...base, form, values: new BigInt64Array(length * wordsOf(type)) };
    case "text": {
      const offsets = new Int32Array(length + 1);
      return { ...base, form, offsets, bytes: new Uint8Array(0), codes: undefined };
    }
    case "list": {
      const item = nullsOf((type as Extract<DataType, { kind: "list" }>).item.type, 0);
      return { ...base, form, offsets: new Int32Array(length + 1), item };
    }
    case "struct": {
      const { fields } = type as Extract<DataType, { kind: "struct" }>;
      return { ...base, form, fields: fields.map((field) => nullsOf(field.type, length)) };
    }
  }
}
