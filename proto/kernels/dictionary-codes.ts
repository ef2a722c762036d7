// Codes into a dictionary out of runs and packed bits, and what they stand for, by a WebAssembly kernel.

import { EngineError } from "../errors.ts";
import { wasmBase64 } from "./generated/dictionary-codes-wasm.ts";
import { KernelShelf } from "./kept-kernels.ts";

/** Addresses and numbers; what each means says the kernel's source. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(bytes: number): number;
  readCodes(
    from: number,
    length: number,
    width: number,
    values: number,
    skipped: number,
    to: number,
    count: number,
    codesEnd: number,
  ): number;
  pickCodes(
    from: number,
    length: number,
    width: number,
    values: number,
    places: number,
    shift: number,
    to: number,
    count: number,
    codesEnd: number,
  ): number;
  keepCodes(codes: number, places: number, count: number, shift: number): void;
  testCodes(
    from: number,
    length: number,
    width: number,
    values: number,
    skipped: number,
    wanted: number,
    count: number,
    truths: number,
  ): number;
  listPlaces(wanted: number, count: number, to: number): number;
  lookUp32(codes: number, count: number, dictionary: number, to: number): void;
  lookUp64(codes: number, count: number, dictionary: number, to: number): void;
}

/** The kernel loads and stores whole groups, of which the last may go this far beyond. */
const slackBytes = 64;
/** Above it sizes would wrap around. */
const addressMax = 2 ** 31;
const endsEarly = -1;

const shelf = new KernelShelf<Kernel>(wasmBase64);

export type CodesProblem = "ends early" | "outside the dictionary";

/** Codes of a page, as it holds them. */
export interface PackedCodes {
  readonly bytes: Uint8Array;
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

/** Codes wider than these cannot be tested: there is a byte for each that there could be, copied for each batch. */
export const testedWidthMax = 18;

const aligned = (bytes: number): number => (bytes + slackBytes + 7) & ~7;

/** Regions of a kernel's memory, one after the other. */
class Regions {
  readonly kernel: Kernel;
  /** Where each begins. */
  readonly at: readonly number[];

  constructor(sizes: readonly number[]) {
    this.kernel = shelf.take();
    const bytesNeeded = sizes.reduce((sum, bytes) => sum + aligned(bytes), 0);
    // Addresses come out of WebAssembly as signed numbers.
    let next = bytesNeeded > addressMax ? 0 : this.kernel.reserve(bytesNeeded) >>> 0;
    if (next === 0) {
      const message = `codes that take ${bytesNeeded} bytes are too large to be unpacked`;
      throw new EngineError("LIMIT_EXCEEDED", message);
    }
    this.at = sizes.map((bytes) => {
      const at = next;
      next += aligned(bytes);
      return at;
    });
  }

  bytes(index: number, length: number): Uint8Array {
    return new Uint8Array(this.kernel.memory.buffer, this.at[index]!, length);
  }

  ints(index: number, length: number): Int32Array {
    return new Int32Array(this.kernel.memory.buffer, this.at[index]!, length);
  }

  free(): void {
    shelf.give(this.kernel);
  }
}

const lengthOf = ({ from, to }: CodesPart): number => to - from;
const bytesMaxOf = (parts: readonly CodesPart[]): number =>
  parts.reduce((most, { codes }) => Math.max(most, codes.bytes.length), 0);

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
  regions: Regions,
  parts: readonly CodesPart[],
  places: Int32Array | undefined,
): CodesProblem | undefined {
  const { kernel, at } = regions;
  const [page, placesAt, codesAt] = [at[region.page]!, at[region.places]!, at[region.codes]!];
  if (places !== undefined) regions.ints(region.places, places.length).set(places);
  let before = 0;
  let done = 0;
  for (const part of parts) {
    const { bytes, width, values, codesEnd } = part.codes;
    const length = lengthOf(part);
    const end = places === undefined ? done + length : indexOf(places, before + length);
    const to = codesAt + 4 * done;
    if (end > done) {
      regions.bytes(region.page, bytes.length).set(bytes);
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
  parts: readonly CodesPart[],
  places: Int32Array | undefined,
  out: Int32Array,
): CodesProblem | undefined {
  const sizes = [bytesMaxOf(parts), 4 * (places?.length ?? 0), codesBytes(parts, out.length)];
  const regions = new Regions(sizes);
  const problem = unpackParts(regions, parts, places);
  if (problem === undefined) out.set(regions.ints(region.codes, out.length));
  regions.free();
  return problem;
}

export type Values = Int32Array | BigInt64Array | Float64Array;

/** As `readCodes`, but writes what the codes stand for: values of one width in both arrays. */
export function readValues(
  parts: readonly CodesPart[],
  places: Int32Array | undefined,
  dictionary: Values,
  out: Values,
): CodesProblem | undefined {
  const { length } = out;
  const sizes = [bytesMaxOf(parts), 4 * (places?.length ?? 0), codesBytes(parts, length)];
  const regions = new Regions([...sizes, dictionary.byteLength, out.byteLength]);
  const { kernel, at } = regions;
  const problem = unpackParts(regions, parts, places);
  if (problem === undefined) {
    const words = regions.bytes(region.dictionary, dictionary.byteLength);
    words.set(new Uint8Array(dictionary.buffer, dictionary.byteOffset, dictionary.byteLength));
    const run = dictionary.BYTES_PER_ELEMENT === 4 ? kernel.lookUp32 : kernel.lookUp64;
    run(at[region.codes]!, length, at[region.dictionary]!, at[region.values]!);
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    bytes.set(regions.bytes(region.values, out.byteLength));
  }
  regions.free();
  return problem;
}

/**
 * Clears each byte of `wanted`, all of which are 0 or 1, whose code's byte of `truths` is 0, for codes of at most
 * `testedWidthMax` bits. Codes that nobody wants any more are not looked at.
 */
export function testCodes(
  parts: readonly CodesPart[],
  truths: Uint8Array,
  wanted: Uint8Array,
): CodesProblem | undefined {
  const width = parts.reduce((most, { codes }) => Math.max(most, codes.width), 0);
  const truthsBytes = Math.max(2 ** width, truths.length);
  const regions = new Regions([bytesMaxOf(parts), wanted.length, truthsBytes]);
  const { kernel, at } = regions;
  const [page, wantedAt, truthsAt] = [at[0]!, at[1]!, at[2]!];
  const known = regions.bytes(2, truthsBytes);
  known.set(truths);
  // What the kernel knows as outside.
  known.fill(2, truths.length);
  regions.bytes(1, wanted.length).set(wanted);
  let done = 0;
  for (const part of parts) {
    const { bytes, width, values } = part.codes;
    const length = lengthOf(part);
    regions.bytes(0, bytes.length).set(bytes);
    const to = wantedAt + done;
    const answer = kernel.testCodes(
      ...([page, bytes.length, width, values] as const),
      ...([part.from, to, length, truthsAt] as const),
    );
    if (answer < 0) return problemOf(answer);
    done += length;
  }
  wanted.set(regions.bytes(1, wanted.length));
  regions.free();
  return undefined;
}

/** The places of the bytes that are 1, where the others are 0. */
export function listPlaces(wanted: Uint8Array): Int32Array {
  const regions = new Regions([wanted.length, 4 * wanted.length]);
  const [from, to] = regions.at;
  regions.bytes(0, wanted.length).set(wanted);
  const count = regions.kernel.listPlaces(from!, wanted.length, to!);
  const places = regions.ints(1, count).slice();
  regions.free();
  return places;
}
