// Codes into a dictionary out of runs and packed bits, and what they stand for, by a WebAssembly kernel.

import { CodesMemory, type HeldBytes, type Regions } from "./codes-memory.ts";

const endsEarly = -1;

export type CodesProblem = "ends early" | "outside the dictionary";

/** Codes of a page, as it holds them. */
export interface PackedCodes {
  /** Best in the memory that they are read in: others are copied to it for each call. */
  readonly bytes: Uint8Array | HeldBytes;
  /** Bits of each, 1 to 32. */
  readonly width: number;
  readonly values: number;
  /** Each has to be below. */
  readonly codesEnd: number;
}

/** Those from `from` to before `to`. */
export interface CodesPart {
  readonly codes: PackedCodes;
  readonly from: number;
  readonly to: number;
}

/** Codes wider than these cannot be tested: there is a byte for each that there could be. */
export const testedWidthMax = 18;

const lengthOf = ({ from, to }: CodesPart): number => to - from;

/** Room for the largest page that lies elsewhere. */
function bytesMaxOf(parts: readonly CodesPart[]): number {
  let most = 0;
  for (const { codes } of parts) {
    if (codes.bytes instanceof Uint8Array) most = Math.max(most, codes.bytes.length);
  }
  return most;
}

/** Address of a page, which goes to the first region where it lies elsewhere. */
function pageAt(memory: CodesMemory, regions: Regions, { bytes }: PackedCodes): number {
  if (!(bytes instanceof Uint8Array)) return memory.addressOf(bytes);
  regions.bytes(region.page, bytes.length).set(bytes);
  return regions.at[region.page]!;
}

/** Where a part has more of the wanted places than this share, all of it is unpacked first, which takes less time. */
const pickedShareMax = 0.5;

/** Of codes that are wanted, and of all of a part. */
const codesBytes = (parts: readonly CodesPart[], wanted: number): number =>
  4 * (wanted + parts.reduce((most, part) => Math.max(most, lengthOf(part)), 0));

function problemOf(answer: number): CodesProblem | undefined {
  if (answer >= 0) return undefined;
  return answer === endsEarly ? "ends early" : "outside the dictionary";
}

/** The first index of a place that is not below `place`. */
function indexOf(places: Int32Array, place: number): number {
  let low = 0;
  for (let high = places.length; low < high; ) {
    const middle = (low + high) >> 1;
    if (places[middle]! < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

const region = { page: 0, places: 1, codes: 2, dictionary: 3, values: 4 } as const;

/** Codes of all parts end to end, or those at places, in the kernel's memory. */
function unpackParts(
  memory: CodesMemory,
  regions: Regions,
  parts: readonly CodesPart[],
  places: Int32Array | undefined,
): CodesProblem | undefined {
  const { kernel, at } = regions;
  const [placesAt, codesAt] = [at[region.places]!, at[region.codes]!];
  if (places !== undefined) regions.ints(region.places, places.length).set(places);
  let before = 0;
  let done = 0;
  for (const part of parts) {
    const { bytes, width, values, codesEnd } = part.codes;
    const length = lengthOf(part);
    const end = places === undefined ? done + length : indexOf(places, before + length);
    const to = codesAt + 4 * done;
    if (end > done) {
      const page = pageAt(memory, regions, part.codes);
      const isWhole = places === undefined || end - done > pickedShareMax * length;
      const answer = isWhole
        ? kernel.readCodes(page, bytes.length, width, values, part.from, to, length, codesEnd)
        : kernel.pickCodes(
            ...([page, bytes.length, width, values] as const),
            ...([placesAt + 4 * done, part.from - before, to, end - done, codesEnd] as const),
          );
      if (answer < 0) return problemOf(answer);
      if (isWhole && places !== undefined) {
        kernel.keepCodes(to, placesAt + 4 * done, end - done, -before);
      }
    }
    before += length;
    done = end;
  }
  return undefined;
}

/**
 * Fills `out` with the codes of all parts, or with those at `places`, which rise and count from the first part's first.
 * Answers what is wrong with the bytes, if anything is.
 */
export function readCodes(
  memory: CodesMemory,
  parts: readonly CodesPart[],
  places: Int32Array | undefined,
  out: Int32Array,
): CodesProblem | undefined {
  const sizes = [bytesMaxOf(parts), 4 * (places?.length ?? 0), codesBytes(parts, out.length)];
  const regions = memory.start(sizes);
  const problem = unpackParts(memory, regions, parts, places);
  if (problem === undefined) out.set(regions.ints(region.codes, out.length));
  return problem;
}

export type Values = Int32Array | BigInt64Array | Float64Array;

/** As `readCodes`, but writes what the codes stand for: values of one width in both arrays. */
export function readValues(
  memory: CodesMemory,
  parts: readonly CodesPart[],
  places: Int32Array | undefined,
  dictionary: Values,
  out: Values,
): CodesProblem | undefined {
  const { length } = out;
  const held = memory.keep(dictionary);
  const dictionaryBytes = held === undefined ? dictionary.byteLength : 0;
  const sizes = [bytesMaxOf(parts), 4 * (places?.length ?? 0), codesBytes(parts, length)];
  const regions = memory.start([...sizes, dictionaryBytes, out.byteLength]);
  const { kernel, at } = regions;
  const problem = unpackParts(memory, regions, parts, places);
  if (problem !== undefined) return problem;
  const from = held ?? regions.write(region.dictionary, dictionary, dictionaryBytes, 0);
  const run = dictionary.BYTES_PER_ELEMENT === 4 ? kernel.lookUp32 : kernel.lookUp64;
  run(at[region.codes]!, length, from, at[region.values]!);
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  bytes.set(regions.bytes(region.values, out.byteLength));
  return undefined;
}

/** What the kernel knows as outside. */
const outside = 2;

/**
 * Clears each byte of `wanted`, all of which are 0 or 1, whose code's byte of `truths` is 0, for codes of at most
 * `testedWidthMax` bits. Codes that nobody wants any more are not looked at.
 */
export function testCodes(
  memory: CodesMemory,
  parts: readonly CodesPart[],
  truths: Uint8Array,
  wanted: Uint8Array,
): CodesProblem | undefined {
  const width = parts.reduce((most, { codes }) => Math.max(most, codes.width), 0);
  const truthsBytes = Math.max(2 ** width, truths.length);
  const held = memory.keep(truths, truthsBytes, outside);
  const sizes = [bytesMaxOf(parts), wanted.length, held === undefined ? truthsBytes : 0];
  const regions = memory.start(sizes);
  const { kernel, at } = regions;
  const truthsAt = held ?? regions.write(2, truths, truthsBytes, outside);
  regions.bytes(1, wanted.length).set(wanted);
  let done = 0;
  for (const part of parts) {
    const { bytes, width, values } = part.codes;
    const length = lengthOf(part);
    const page = pageAt(memory, regions, part.codes);
    const to = at[1]! + done;
    const answer = kernel.testCodes(
      ...([page, bytes.length, width, values] as const),
      ...([part.from, to, length, truthsAt] as const),
    );
    if (answer < 0) return problemOf(answer);
    done += length;
  }
  wanted.set(regions.bytes(1, wanted.length));
  return undefined;
}

/** The places of the bytes that are 1, where the others are 0. */
export function listPlaces(wanted: Uint8Array): Int32Array {
  const memory = new CodesMemory();
  const regions = memory.start([wanted.length, 4 * wanted.length]);
  const [from, to] = regions.at;
  regions.bytes(0, wanted.length).set(wanted);
  const count = regions.kernel.listPlaces(from!, wanted.length, to!);
  const places = regions.ints(1, count).slice();
  memory.free();
  return places;
}
