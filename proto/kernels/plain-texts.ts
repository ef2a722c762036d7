// Texts with their lengths between them, as columns have them, by a WebAssembly kernel.

import { EngineError } from "../errors.ts";
import { wasmBase64 } from "./generated/plain-texts-wasm.ts";
import { KernelShelf } from "./kept-kernels.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(bytes: number): number;
  readTexts(from: number, length: number, offsets: number, bytes: number, count: number): number;
  takeOffsets(codes: number, count: number, dictionary: number, offsets: number): number;
  takeTexts(codes: number, count: number, dictionary: number, texts: number, to: number): void;
}

/** The kernel copies 16 bytes at a time, and may go this far beyond. */
const slackBytes = 64;
const lengthBytes = 4;
/** Above it sizes would wrap around. */
const addressMax = 2 ** 31;

const shelf = new KernelShelf<Kernel>(wasmBase64);

export interface PlainTexts {
  /** One more than texts, beginning with 0. */
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
}

/** The first `count` texts of a page; undefined where it ends before. */
export function readPlainTexts(page: Uint8Array, count: number): PlainTexts | undefined {
  // Also what keeps a count that is no count from asking for memory.
  if (count * lengthBytes > page.length) return undefined;
  const kernel = shelf.take();
  const pageBytes = (page.length + slackBytes + 7) & ~7;
  const offsetBytes = (lengthBytes * (count + 1) + 7) & ~7;
  const bytesNeeded = pageBytes + offsetBytes + page.length + slackBytes;
  // Addresses come out of WebAssembly as signed numbers.
  const from = bytesNeeded > addressMax ? 0 : kernel.reserve(bytesNeeded) >>> 0;
  if (from === 0) {
    const message = `a page of ${page.length} bytes of text is too large to be decoded`;
    throw new EngineError("LIMIT_EXCEEDED", message);
  }
  new Uint8Array(kernel.memory.buffer, from, page.length).set(page);
  const offsetsAt = from + pageBytes;
  const valuesAt = offsetsAt + offsetBytes;
  const bytes = kernel.readTexts(from, page.length, offsetsAt, valuesAt, count);
  const { buffer } = kernel.memory;
  shelf.give(kernel);
  if (bytes < 0) return undefined;
  return {
    offsets: new Int32Array(buffer, offsetsAt, count + 1).slice(),
    values: new Uint8Array(buffer, valuesAt, bytes).slice(),
  };
}

const aligned = (bytes: number): number => (bytes + slackBytes + 7) & ~7;

/**
 * Dictionaries with more texts for each code are not worth to be taken along: a copy of all of them is some ten times as
 * quick for a byte as a plain loop over those that are picked.
 */
const dictionaryTextsEachMax = 8;

/**
 * The texts of a dictionary by codes, each of which lies within it. Undefined where it is too large for a kernel, beside
 * the codes or by itself.
 */
export function takeTexts(dictionary: PlainTexts, codes: Int32Array): PlainTexts | undefined {
  const count = codes.length;
  const first = dictionary.offsets[0]!;
  const known = dictionary.values.subarray(first, dictionary.offsets.at(-1));
  const sizes = [4 * count, 4 * dictionary.offsets.length, known.length, 4 * (count + 1)];
  if (dictionary.offsets.length > dictionaryTextsEachMax * count) return undefined;
  const bytesNeeded = sizes.reduce((sum, bytes) => sum + aligned(bytes), 0);
  const kernel = shelf.take();
  const from = bytesNeeded > addressMax ? 0 : kernel.reserve(bytesNeeded) >>> 0;
  if (from === 0) return undefined;
  const dictionaryAt = from + aligned(sizes[0]!);
  const textsAt = dictionaryAt + aligned(sizes[1]!);
  const offsetsAt = textsAt + aligned(sizes[2]!);
  const valuesAt = offsetsAt + aligned(sizes[3]!);
  const before = kernel.memory.buffer;
  new Int32Array(before, from, count).set(codes);
  new Int32Array(before, dictionaryAt, dictionary.offsets.length).set(dictionary.offsets);
  new Uint8Array(before, textsAt, known.length).set(known);
  const end = kernel.takeOffsets(from, count, dictionaryAt, offsetsAt);
  // What is there stays where it is.
  if (end < 0 || kernel.reserve(bytesNeeded + end + slackBytes) === 0) return undefined;
  kernel.takeTexts(from, count, dictionaryAt, textsAt - first, valuesAt);
  const { buffer } = kernel.memory;
  shelf.give(kernel);
  return {
    offsets: new Int32Array(buffer, offsetsAt, count + 1).slice(),
    values: new Uint8Array(buffer, valuesAt, end).slice(),
  };
}
