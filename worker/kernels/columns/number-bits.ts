// A set of whole numbers of 32 bits in WebAssembly (key-bits.as.ts), a bit for each number of its range. Batches of 65 536
// numbers of 64 bits, asked for among ten thousand of 200 000, took 4 to 7 ns a row, copies included, and as plain loops
// 11 to 19, on a machine with much else to do.

import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { wasmBase64 } from "../generated/key-bits-wasm.ts";
import type { NumberRange } from "./rows-by-number.ts";
import type { WholeKeys } from "./whole-keys.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  clear(bits: number, bitsEnd: number): void;
  mark(numbers: number, rows: number, least: number, bits: number): void;
  test(numbers: number, rows: number, least: number, none: number, bits: number, to: number): void;
  testLongs: Kernel["test"];
}

/** Rows at a time: what is read and written for them lies in a cache. */
const pieceRows = 16_384;
// Fixed places in the kernel's memory; its own data ends below the first.
const numbersAt = 4096;
const foundAt = numbersAt + 8 * pieceRows;
const bitsAt = foundAt + pieceRows;
/** Places within a range are numbers of 32 bits, and so is the one behind it. */
const rangeMax = 0xffff_fffe;

const shelf = new KernelShelf<Kernel>(wasmBase64);

export class NumberBits {
  private readonly kernel: Kernel;
  private readonly least: number;
  /** The place behind the last one of the range: of a bit that is not set. */
  private readonly none: number;

  private constructor(kernel: Kernel, { values, outside }: WholeKeys, range: NumberRange) {
    this.kernel = kernel;
    this.least = range.min;
    this.none = range.length;
    kernel.clear(bitsAt, endOf(range));
    for (let start = 0; start < values.length; start += pieceRows) {
      const end = Math.min(start + pieceRows, values.length);
      kernel.mark(numbersAt, this.put(values, outside, start, end), range.min, bitsAt);
    }
  }

  /** Undefined where the kernel has no memory for so many; `range`: of the keys that are not outside. */
  static of(keys: WholeKeys, range: NumberRange): NumberBits | undefined {
    if (range.length > rangeMax) return undefined;
    const kernel = shelf.take();
    if (kernel.reach(endOf(range))) return new NumberBits(kernel, keys, range);
    shelf.give(kernel);
    return undefined;
  }

  /** Puts those of the numbers that are not outside into the kernel's memory; answers how many. */
  private put(
    values: Int32Array,
    outside: Uint8Array | undefined,
    start: number,
    end: number,
  ): number {
    const own = new Int32Array(this.kernel.memory.buffer, numbersAt, pieceRows);
    if (outside === undefined) {
      own.set(values.subarray(start, end));
      return end - start;
    }
    let count = 0;
    for (let row = start; row < end; row++) {
      own[count] = values[row]!;
      count += 1 - outside[row]!;
    }
    return count;
  }

  /** For each number, of 32 or 64 bits, 1 if it is in the set, else 0. */
  find(numbers: Int32Array | BigInt64Array): Uint8Array {
    const { kernel, least, none } = this;
    const { buffer } = kernel.memory;
    const areLong = numbers.BYTES_PER_ELEMENT === 8;
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    const found = new Uint8Array(numbers.length);
    for (let start = 0; start < numbers.length; start += pieceRows) {
      const count = Math.min(pieceRows, numbers.length - start);
      const from = start * numbers.BYTES_PER_ELEMENT;
      const own = bytes.subarray(from, from + count * numbers.BYTES_PER_ELEMENT);
      new Uint8Array(buffer, numbersAt, own.length).set(own);
      if (areLong) kernel.testLongs(numbersAt, count, least, none, bitsAt, foundAt);
      else kernel.test(numbersAt, count, least, none, bitsAt, foundAt);
      found.set(new Uint8Array(buffer, foundAt, count), start);
    }
    return found;
  }

  /** To be called once, after which nothing may be asked for. */
  close(): void {
    shelf.give(this.kernel);
  }
}

/** Of the bits, with that of `none`, in whole words. */
function endOf({ length }: NumberRange): number {
  return bitsAt + 4 * Math.ceil((length + 1) / 32);
}
