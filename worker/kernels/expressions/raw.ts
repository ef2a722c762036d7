// Single slots as JavaScript values, for what no loop over typed arrays can do: nested values and text work.
//
// Raw values keep all that a slot holds: whole numbers of 64 bits, microseconds and digits of decimals are
// bigints, dates are days.

import { writeDecimal } from "../../../proto/batch/decimal.ts";
import { decodeStrings, encodeBytes, encodeStrings } from "../../../proto/batch/text.ts";
import type { DataType } from "../../../proto/plan/types.ts";
import { decodeValue, encodeValue } from "../../../proto/plan/values.ts";
import { validityOfBytes } from "./bits.ts";
import { bigintAt } from "./numeric.ts";
import {
  boolVector,
  flatVector,
  formOf,
  isShort,
  isValidAt,
  nullVector,
  numberVector,
  type TextVector,
  textVector,
  type Vector,
  wordsOf,
  wordVector,
} from "./vector.ts";

export type Raw = unknown;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function bytesAt(vector: TextVector, row: number): Uint8Array {
  const slot = vector.codes === undefined ? row : vector.codes[row]!;
  return vector.bytes.subarray(vector.offsets[slot]!, vector.offsets[slot + 1]!);
}

/** The value of one slot, or null. */
export function rawAt(vector: Vector, row: number): Raw {
  const slot = vector.constant ? 0 : row;
  if (!isValidAt(vector, slot)) return null;
  switch (vector.form) {
    case "null":
      return null;
    case "bool":
      return vector.values[slot] === 1;
    case "number":
      return vector.type.kind === "decimal" ? BigInt(vector.values[slot]!) : vector.values[slot]!;
    case "words":
      return bigintAt(vector, slot);
    case "text": {
      const bytes = bytesAt(vector, slot);
      if (vector.type.kind === "binary") return bytes.slice();
      const text = decoder.decode(bytes);
      return vector.type.kind === "json" ? decodeValue(text) : text;
    }
    case "list": {
      const items: Raw[] = [];
      for (let i = vector.offsets[slot]!; i < vector.offsets[slot + 1]!; i++) {
        items.push(rawAt(vector.item, i));
      }
      return items;
    }
    case "struct": {
      const { fields } = vector.type as Extract<DataType, { kind: "struct" }>;
      return Object.fromEntries(
        fields.map(({ name }, index) => [name, rawAt(vector.fields[index]!, slot)]),
      );
    }
  }
}

/** Strings of a text vector by slot; what stands at nulls means nothing. */
export function stringsOf(vector: TextVector): string[] {
  const { codes } = vector;
  if (codes === undefined) return decodeStrings(vector.offsets, vector.bytes);
  if (vector.offsets.length - 1 > codes.length) return stringsOf(flatVector(vector));
  const words = decodeStrings(vector.offsets, vector.bytes);
  const out = new Array<string>(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = words[codes[i]!] ?? "";
  return out;
}

export function rawsOf(vector: Vector): Raw[] {
  if (vector.form === "text" && vector.type.kind === "utf8") {
    const strings: Raw[] = stringsOf(vector);
    if (vector.valid === undefined) return strings;
    for (let i = 0; i < strings.length; i++) if (!isValidAt(vector, i)) strings[i] = null;
    return strings;
  }
  const out = new Array<Raw>(vector.length);
  for (let i = 0; i < out.length; i++) out[i] = rawAt(vector, i);
  return out;
}

function validityOfRaws(raws: readonly Raw[]): Uint8Array | undefined {
  const bytes = new Uint8Array(raws.length);
  for (let i = 0; i < raws.length; i++)
    bytes[i] = raws[i] === null || raws[i] === undefined ? 0 : 1;
  return validityOfBytes(bytes);
}

/** A vector of raw values of one type; null and undefined are null. */
export function vectorOfRaws(type: DataType, raws: readonly Raw[]): Vector {
  const { length } = raws;
  const valid = validityOfRaws(raws);
  const form = formOf(type);
  switch (form) {
    case "null":
      return nullVector(length);
    case "bool": {
      const values = new Uint8Array(length);
      for (let i = 0; i < length; i++) values[i] = raws[i] === true ? 1 : 0;
      return boolVector(type, values, valid);
    }
    case "number": {
      const values = isShort(type) ? new Int32Array(length) : new Float64Array(length);
      for (let i = 0; i < length; i++) values[i] = Number(raws[i] ?? 0);
      return numberVector(type, values, valid);
    }
    case "words": {
      const words = wordsOf(type);
      const values = new BigInt64Array(length * words);
      for (let i = 0; i < length; i++) {
        writeDecimal(values, words, i, (raws[i] ?? 0n) as bigint);
      }
      return wordVector(type, values, valid);
    }
    case "text": {
      if (type.kind === "binary") return textVector(type, encodeBytes(raws as Uint8Array[]), valid);
      const texts = type.kind === "json" ? raws.map(jsonText) : (raws as string[]);
      return textVector(type, encodeStrings(texts), valid);
    }
    case "list": {
      const offsets = new Int32Array(length + 1);
      const items: Raw[] = [];
      for (let i = 0; i < length; i++) {
        for (const item of (raws[i] ?? []) as readonly Raw[]) items.push(item);
        offsets[i + 1] = items.length;
      }
      const item = vectorOfRaws((type as Extract<DataType, { kind: "list" }>).item.type, items);
      return { form, type, length, constant: false, valid, offsets, item };
    }
    case "struct": {
      const fields = (type as Extract<DataType, { kind: "struct" }>).fields.map((field) =>
        vectorOfRaws(
          field.type,
          raws.map(
            (raw) => (raw as Readonly<Record<string, Raw>> | null | undefined)?.[field.name],
          ),
        ),
      );
      return { form, type, length, constant: false, valid, fields };
    }
  }
}

function jsonText(raw: Raw): string | null {
  return raw === null || raw === undefined ? null : encodeValue(raw);
}
