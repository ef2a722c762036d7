// Loops over the partners of rows in WebAssembly (partner-loops.as.ts): of 65 536 rows, nine of ten with one, finding
// them by numbers without gaps went from 2.6 to 0.9 ns a row, and putting rows with their partners side by side from
// 3.5 to 0.7, copies included.

import { EngineError } from "../../../proto/errors.ts";
import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { wasmBase64 } from "../generated/partner-loops-wasm.ts";
import { bitBytes } from "./bits.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  within(numbers: number, rows: number, least: number, length: number): number;
  look(numbers: number, rows: number, least: number, length: number, table: number): number;
  list(partners: number, rows: number, first: number, to: number): number;
  pack(partners: number, rows: number, first: number, to: number): number;
  present(partners: number, rows: number, bits: number): void;
}

/** Rows at a time: they and what is written for them lie in a cache. A multiple of eight. */
const pieceRows = 16_384;
// Fixed places in the kernel's memory; its own data ends below the first.
const numbersAt = 4096;
const rowsAt = numbersAt + 4 * pieceRows;
const tableAt = rowsAt + 4 * pieceRows;

const shelf = new KernelShelf<Kernel>(wasmBase64);

function intsOf(kernel: Kernel, at: number, count: number): Int32Array {
  return new Int32Array(kernel.memory.buffer, at, count);
}

/** Runs `work` for one piece of the rows after the other, whose numbers are in the kernel's memory. */
function inPieces(
  kernel: Kernel,
  numbers: Int32Array,
  work: (first: number, count: number) => void,
): void {
  const { length } = numbers;
  const own = intsOf(kernel, numbersAt, Math.min(length, pieceRows));
  for (let first = 0; first < length; first += pieceRows) {
    const count = Math.min(pieceRows, length - first);
    own.set(count === length ? numbers : numbers.subarray(first, first + count));
    work(first, count);
  }
}

/** The distance of each number from the least, -1 where it is `length` or more; answers how many are within. */
export function placesWithin(
  numbers: Int32Array,
  least: number,
  length: number,
  into: Int32Array,
): number {
  const kernel = shelf.take();
  let found = 0;
  inPieces(kernel, numbers, (first, count) => {
    found += kernel.within(numbersAt, count, least, length) >>> 0;
    into.set(intsOf(kernel, numbersAt, count), first);
  });
  shelf.give(kernel);
  return found;
}

/** Numbers of the rows that have a partner, in `into`; answers how many these are. */
export function listFound(partners: Int32Array, into: Int32Array): number {
  const kernel = shelf.take();
  let found = 0;
  inPieces(kernel, partners, (first, count) => {
    const own = kernel.list(numbersAt, count, first, rowsAt) >>> 0;
    into.set(intsOf(kernel, rowsAt, own), found);
    found += own;
  });
  shelf.give(kernel);
  return found;
}

/** As `listFound`; partners that there are come to lie side by side, from the first place on. */
export function packFound(partners: Int32Array, into: Int32Array): number {
  const kernel = shelf.take();
  let found = 0;
  inPieces(kernel, partners, (first, count) => {
    const own = kernel.pack(numbersAt, count, first, rowsAt) >>> 0;
    into.set(intsOf(kernel, rowsAt, own), found);
    partners.set(intsOf(kernel, numbersAt, own), found);
    found += own;
  });
  shelf.give(kernel);
  return found;
}

/** Bits of the rows that have a partner, and in the place of each that has none the first row of all. */
export function presentRows(partners: Int32Array): {
  readonly valid: Uint8Array;
  readonly inside: Int32Array;
} {
  const { length } = partners;
  const valid = new Uint8Array(bitBytes(length));
  const inside = new Int32Array(length);
  const kernel = shelf.take();
  inPieces(kernel, partners, (first, count) => {
    const padded = 8 * bitBytes(count);
    // Bits behind the last row are 0.
    intsOf(kernel, numbersAt + 4 * count, padded - count).fill(-1);
    kernel.present(numbersAt, padded, rowsAt);
    inside.set(intsOf(kernel, numbersAt, count), first);
    valid.set(new Uint8Array(kernel.memory.buffer, rowsAt, bitBytes(count)), first >> 3);
  });
  shelf.give(kernel);
  return { valid, inside };
}

/** Partners by numbers from the least on, in the kernel's memory. */
export class PartnerTable {
  private readonly kernel: Kernel;
  private readonly least: number;
  private readonly length: number;

  constructor(partners: Int32Array, least: number) {
    const { length } = partners;
    const kernel = shelf.take();
    const end = tableAt + 4 * (length + 1);
    if (!kernel.reach(end)) {
      const limitBytes = kernel.memory.buffer.byteLength;
      const message = `the system gives no more than ${limitBytes} bytes for keys of a join; lower --memory`;
      throw new EngineError("MEMORY_EXCEEDED", message, { limitBytes });
    }
    intsOf(kernel, tableAt, length).set(partners);
    intsOf(kernel, tableAt + 4 * length, 1).fill(-1);
    this.kernel = kernel;
    this.least = least;
    this.length = length;
  }

  get bytes(): number {
    return this.kernel.memory.buffer.byteLength;
  }

  /** The partner of each number, -1 for those beyond the table; answers how many have one. */
  find(numbers: Int32Array, into: Int32Array): number {
    const { kernel, least, length } = this;
    let found = 0;
    inPieces(kernel, numbers, (first, count) => {
      found += kernel.look(numbersAt, count, least, length, tableAt) >>> 0;
      into.set(intsOf(kernel, numbersAt, count), first);
    });
    return found;
  }

  /** To be called once, after which nothing may be asked for. */
  close(): void {
    shelf.give(this.kernel);
  }
}
