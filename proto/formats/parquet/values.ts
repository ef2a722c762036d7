// The values of one page, by their encoding and physical type.

import { EngineError } from "../../errors.ts";
import { readPlainTexts } from "../../kernels/plain-texts.ts";
import { readDeltaLengths, readDeltas, readDeltas32, readDeltaTexts, type Texts } from "./delta.ts";
import type { GroupRooms } from "./group-rooms.ts";
import { encodings, physicalTypes, type SchemaElement } from "./metadata.ts";
import { PageCodes } from "./page-codes.ts";
import type { PageRooms } from "./page-rooms.ts";
import { readRuns } from "./runs.ts";
import { writeRuns } from "./runs-write.ts";
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

/** Of one page, without its levels. Values must not keep bytes that are lent. */
export interface PageBytes {
  readonly bytes: Uint8Array;
  readonly isLent: boolean;
}

function tooShort(count: number, bytes: number): EngineError {
  return damagedThrift(`a page of ${count} values has only ${bytes} bytes of them`);
}

const widths = [0, 4, 8, 12, 4, 8, 0, 0];

function widthOf(element: SchemaElement): number {
  const { physical } = element;
  return physical === physicalTypes.fixed ? element.width : (widths[physical ?? 0] ?? 0);
}

function copyOf(bytes: Uint8Array, rooms: GroupRooms | undefined): Uint8Array {
  // Not by slice(), which for a Buffer copies nothing.
  if (rooms === undefined) return new Uint8Array(bytes);
  const copy = rooms.take(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Little-endian numbers side by side: the machine's own layout, so the bytes only have to be aligned. */
function numbersOf(
  element: SchemaElement,
  { bytes, isLent }: PageBytes,
  count: number,
  rooms?: GroupRooms,
): Stored {
  const width = widthOf(element);
  if (bytes.length < count * width) throw tooShort(count, bytes.length);
  const isFit = !isLent && bytes.byteOffset % 8 === 0;
  const own = isFit ? bytes : copyOf(bytes.subarray(0, count * width), rooms);
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
  const texts = readPlainTexts(bytes, count);
  if (texts === undefined) throw tooShort(count, bytes.length);
  return { kind: "bytes", ...texts };
}

function plainBools(bytes: Uint8Array, count: number): Stored {
  if (bytes.length * 8 < count) throw tooShort(count, bytes.length);
  const values = new Uint8Array(count);
  for (let i = 0; i < count; i++) values[i] = (bytes[i >> 3]! >> (i & 7)) & 1;
  return { kind: "bool", values };
}

/** `rooms`: where numbers go that are of no use after their row group. */
export function plainValues(
  element: SchemaElement,
  page: PageBytes,
  count: number,
  rooms?: GroupRooms,
): Stored {
  switch (element.physical) {
    case physicalTypes.boolean:
      return plainBools(page.bytes, count);
    case physicalTypes.byteArray:
      return plainTexts(page.bytes, count);
    default:
      return numbersOf(element, page, count, rooms);
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
  return numbersOf(element, { bytes: joined, isLent: false }, count);
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
  page: PageBytes,
  count: number,
): Stored {
  if (encoding === encodings.plain) return plainValues(element, page, count);
  const bytes = page.isLent ? page.bytes.slice() : page.bytes;
  switch (encoding) {
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

/** Codes of a page of dictionary-encoded values, of which each has to lie within the dictionary. */
export function pageCodes(
  { bytes, isLent }: PageBytes,
  count: number,
  codesEnd: number,
  rooms: PageRooms,
): PageCodes {
  const width = bytes[0];
  if (width === undefined || width > 32) throw tooShort(count, bytes.length);
  if (width > 0) {
    const own = rooms.hold(bytes.subarray(1), isLent);
    return PageCodes.of({ bytes: own, width, values: count, codesEnd }, rooms.memory);
  }
  // Without bits all are the first; a run of it says so.
  const own = writeRuns(new Uint8Array(count), count, 1);
  return PageCodes.of({ bytes: own, width: 1, values: count, codesEnd }, rooms.memory);
}
