// What stands before each page of a column. There is one for some thousand values: it is read into arrays that are used
// again, as an object for each struct of it, each of other fields, took longer than to unpack a small page.

import { damagedThrift, ThriftReader } from "./thrift-read.ts";

export interface PageHead {
  readonly kind: "dictionary" | "v1" | "v2" | "other";
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly values: number;
  readonly encoding: number;
  /** Of version 2: bytes of both kinds of levels, which are never packed. */
  readonly definitionBytes: number;
  readonly repetitionBytes: number;
  readonly isPacked: boolean;
  readonly headBytes: number;
}

/** Kinds of pages by their numbers in the format, and the fields in which their heads say more of them. */
const kinds = [
  { kind: "v1", field: 5 },
  { kind: "other", field: 6 },
  { kind: "dictionary", field: 7 },
  { kind: "v2", field: 8 },
] as const;
const fieldsEnd = 9;

const numbers = new Float64Array(fieldsEnd);
const places = new Float64Array(fieldsEnd);

function numberOf(field: number, what: string): number {
  const value = numbers[field]!;
  if (Number.isNaN(value)) throw damagedThrift(`${what} is missing`);
  return value;
}

/** Throws INPUT_MALFORMED where the bytes are no head or end within it. */
export function headOf(bytes: Uint8Array): PageHead {
  const reader = new ThriftReader(bytes);
  reader.numbers(numbers, places);
  const headBytes = reader.at;
  const { kind, field } = kinds[numberOf(1, "the kind of a page")] ?? kinds[1];
  const unpackedBytes = numberOf(2, "the size of a page");
  const packedBytes = numberOf(3, "the size of a page");
  const place = places[field]!;
  if (kind === "other" || Number.isNaN(place)) {
    const none = { values: 0, encoding: 0, definitionBytes: 0, repetitionBytes: 0 };
    return { kind: "other", packedBytes, unpackedBytes, ...none, isPacked: true, headBytes };
  }
  reader.at = place;
  reader.numbers(numbers, places);
  const isVersion2 = kind === "v2";
  return {
    kind,
    packedBytes,
    unpackedBytes,
    values: numberOf(1, "the number of values of a page"),
    encoding: numberOf(isVersion2 ? 4 : 2, "the encoding of a page"),
    definitionBytes: isVersion2 ? numberOf(5, "the size of levels") : 0,
    repetitionBytes: isVersion2 ? numberOf(6, "the size of levels") : 0,
    isPacked: !isVersion2 || numbers[7] !== 0,
    headBytes,
  };
}
