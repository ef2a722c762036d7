// The values of one page, by their encoding and physical type.

import { assert, EngineError } from "../../errors.ts";
import { readDeltaLengths, readDeltas, readDeltas32, readDeltaTexts, type Texts } from "./delta.ts";
import { encodings, physicalTypes, type SchemaElement } from "./metadata.ts";
import { readRuns } from "./runs.ts";
import { damagedThrift } from "./thrift-read.ts";

/** Values as they are stored. `fixed` and `int96`: `width` bytes each, end to end. */
export type Stored =
  | { readonly kind: "int32"; readonly values: Int32Array }
  | { readonly kind: "int64"; readonly values: BigInt64Array }
  | { readonly kind: "float"; readonly values: Float32Array }
  | { readonly kind: "double"; readonly values: Float64Array }
  | { readonly kind: "bool"; readonly values: Uint8Array }
  | ({ readonly kind: "bytes" } & Texts)
  | { readonly kind: "fixed"; readonly width: number; readonly values: Uint8Array };

function tooShort(count: number, bytes: number): EngineError {
  return damagedThrift(`a page of ${count} values has only ${bytes} bytes of them`);
}

const widths = [0, 4, 8, 12, 4, 8, 0, 0];

function widthOf(element: SchemaElement): number {
  const { physical } = element;
  return physical === physicalTypes.fixed ? element.width : (widths[physical ?? 0] ?? 0);
}

/** Little-endian numbers side by side: the machine's own layout, so the bytes only have to be aligned. */
function numbersOf(element: SchemaElement, bytes: Uint8Array, count: number): Stored {
  const width = widthOf(element);
  if (bytes.length < count * width) throw tooShort(count, bytes.length);
  // Not by slice(), which for a Buffer copies nothing.
  const own = bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes.subarray(0, count * width));
  const { buffer, byteOffset } = own;
  switch (element.physical) {
    case physicalTypes.int32:
      return { kind: "int32", values: new Int32Array(buffer, byteOffset, count) };
    case physicalTypes.int64:
      return { kind: "int64", values: new BigInt64Array(buffer, byteOffset, count) };
    case physicalTypes.float:
      return { kind: "float", values: new Float32Array(buffer, byteOffset, count) };
    case physicalTypes.double:
      return { kind: "double", values: new Float64Array(buffer, byteOffset, count) };
    default:
      return { kind: "fixed", width, values: own.subarray(0, count * width) };
  }
}

function plainTexts(bytes: Uint8Array, count: number): Stored {
  const starts = new Int32Array(count + 1);
  let at = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) throw tooShort(count, bytes.length);
    const length =
      bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    if (length < 0 || at + 4 + length > bytes.length) throw tooShort(count, bytes.length);
    at += 4 + length;
    total += length;
    starts[i + 1] = total;
  }
  const values = new Uint8Array(total);
  let from = 4;
  for (let i = 0; i < count; i++) {
    const start = starts[i]!;
    const end = starts[i + 1]!;
    const length = end - start;
    // A call costs as much as moving some dozens of bytes one by one.
    if (length > 48) values.set(bytes.subarray(from, from + length), start);
    else for (let k = 0; k < length; k++) values[start + k] = bytes[from + k]!;
    from += length + 4;
  }
  return { kind: "bytes", offsets: starts, values };
}

function plainBools(bytes: Uint8Array, count: number): Stored {
  if (bytes.length * 8 < count) throw tooShort(count, bytes.length);
  const values = new Uint8Array(count);
  for (let i = 0; i < count; i++) values[i] = (bytes[i >> 3]! >> (i & 7)) & 1;
  return { kind: "bool", values };
}

export function plainValues(element: SchemaElement, bytes: Uint8Array, count: number): Stored {
  switch (element.physical) {
    case physicalTypes.boolean:
      return plainBools(bytes, count);
    case physicalTypes.byteArray:
      return plainTexts(bytes, count);
    default:
      return numbersOf(element, bytes, count);
  }
}

/** All first bytes, then all second bytes, and so on. */
function splitValues(element: SchemaElement, bytes: Uint8Array, count: number): Stored {
  const width = widthOf(element);
  if (width === 0) throw unknownEncoding(encodings.byteStreamSplit, element);
  if (bytes.length < count * width) throw tooShort(count, bytes.length);
  const joined = new Uint8Array(count * width);
  for (let byte = 0; byte < width; byte++) {
    const from = byte * count;
    for (let i = 0, to = byte; i < count; i++, to += width) joined[to] = bytes[from + i]!;
  }
  return numbersOf(element, joined, count);
}

function fixedOfTexts(element: SchemaElement, texts: Texts): Stored {
  if (element.physical !== physicalTypes.fixed) return { kind: "bytes", ...texts };
  return { kind: "fixed", width: element.width, values: texts.values };
}

function unknownEncoding(encoding: number, element: SchemaElement): EngineError {
  const name = Object.entries(encodings).find(([, number]) => number === encoding)?.[0];
  return new EngineError(
    "INPUT_MALFORMED",
    `column "${element.name}" has a page in the encoding ${name ?? encoding}, which is not known for its type`,
  );
}

/** Values of a data page that are not codes into a dictionary. */
export function pageValues(
  element: SchemaElement,
  encoding: number,
  bytes: Uint8Array,
  count: number,
): Stored {
  switch (encoding) {
    case encodings.plain:
      return plainValues(element, bytes, count);
    case encodings.rle: {
      if (element.physical !== physicalTypes.boolean) break;
      const values = new Uint8Array(count);
      readRuns(bytes, 4, bytes.length, 1, values, count);
      return { kind: "bool", values };
    }
    case encodings.deltaBinaryPacked: {
      if (element.physical === physicalTypes.int32) {
        return checkCount({ kind: "int32", values: readDeltas32(bytes, 0, count).values }, count);
      }
      if (element.physical !== physicalTypes.int64) break;
      return checkCount({ kind: "int64", values: readDeltas(bytes, 0, count).values }, count);
    }
    case encodings.deltaLengthByteArray:
      return checkTexts(fixedOfTexts(element, readDeltaLengths(bytes, 0, count)), count);
    case encodings.deltaByteArray:
      return checkTexts(fixedOfTexts(element, readDeltaTexts(bytes, 0, count)), count);
    case encodings.byteStreamSplit:
      return splitValues(element, bytes, count);
    default:
      break;
  }
  throw unknownEncoding(encoding, element);
}

function checkCount<T extends { readonly values: { readonly length: number } }>(
  stored: T,
  count: number,
): T {
  if (stored.values.length === count) return stored;
  throw tooShort(count, stored.values.length * 8);
}

function checkTexts(stored: Stored, count: number): Stored {
  if (stored.kind === "bytes" && stored.offsets.length === count + 1) return stored;
  if (stored.kind === "fixed" && stored.values.length === count * stored.width) return stored;
  throw damagedThrift(`a page of ${count} values has another number of texts`);
}

/** Codes of a page of dictionary-encoded values, checked against the size of the dictionary. */
export function pageCodes(bytes: Uint8Array, count: number, dictionaryLength: number): Int32Array {
  const codes = new Int32Array(count);
  if (count === 0) return codes;
  const width = bytes[0];
  if (width === undefined || width > 32) throw tooShort(count, bytes.length);
  if (width > 0) readRuns(bytes, 1, bytes.length, width, codes, count);
  let most = 0;
  for (let i = 0; i < count; i++) most |= codes[i]! >= dictionaryLength || codes[i]! < 0 ? 1 : 0;
  if (most !== 0) throw damagedThrift(`a code lies outside a dictionary of ${dictionaryLength}`);
  assert(codes.length === count, "as many codes as values");
  return codes;
}
