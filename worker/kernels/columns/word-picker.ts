// Picks rows of a column of fixed width again and again, in WebAssembly (pick-words.as.ts): where the column lies beyond
// the cache, the code that V8 makes of a loop waits for one row after the other. Of a million doubles 12 ns a row became
// 5, copies included, and of four millions 18 became 11.

import type { Column } from "../../../proto/batch/column.ts";
import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import { wasmBase64 } from "../generated/pick-words-wasm.ts";
import { bitAt, bitBytes, setBit } from "./bits.ts";
import { withRows } from "./with-rows.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  pick4(rows: number, count: number, from: number, to: number): void;
  pick8(rows: number, count: number, from: number, to: number): void;
}

/** The kernel's own data ends below; what lies there is the value of row -1. */
const absentAt = 4096;
const valuesAt = absentAt + 16;
/** Addresses are numbers of 32 bits; the last page is left alone. */
const addressEnd = 0xffff_0000;
/** Rows that are picked at a time: what is read and written for them lies in a cache. */
const pieceRows = 16_384;
/** A column of fewer bytes lies in a cache, where a plain loop does as well if what it makes is new memory. */
export const pickedFromBytesMin = 1024 * 1024;

const shelf = new KernelShelf<Kernel>(wasmBase64);

type Words = Int32Array | Float64Array | BigInt64Array;

/** The values of a column that has one of 32 or 64 bits for each row; undefined for others. */
function wordsOf(column: Column): Words | undefined {
  switch (column.type) {
    case "int32":
    case "date":
    case "float64":
    case "int53":
    case "int64":
    case "timestamp":
      return column.values;
    case "dictionary":
      return column.codes;
    default:
      return undefined;
  }
}

function pickedBits(bits: Uint8Array, rows: Int32Array): Uint8Array {
  const out = new Uint8Array(bitBytes(rows.length));
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    if (row >= 0 && bitAt(bits, row) === 1) setBit(out, i);
  }
  return out;
}

export class WordPicker {
  private readonly column: Column;
  private readonly kernel: Kernel;
  private readonly rowsAt: number;
  private readonly width: 4 | 8;
  private lent = new Uint8Array(0);

  private constructor(column: Column, words: Words, kernel: Kernel, rowsAt: number) {
    this.column = column;
    this.kernel = kernel;
    this.rowsAt = rowsAt;
    this.width = words.BYTES_PER_ELEMENT === 4 ? 4 : 8;
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
    new Uint8Array(kernel.memory.buffer, absentAt, valuesAt - absentAt).fill(0);
    new Uint8Array(kernel.memory.buffer, valuesAt, bytes.length).set(bytes);
  }

  /** Undefined where the column has less than so many bytes, or is no such column, or where there is no memory. */
  static open(column: Column, bytesMin = pickedFromBytesMin): WordPicker | undefined {
    const words = wordsOf(column);
    if (words === undefined || words.byteLength < bytesMin) return undefined;
    const rowsAt = Math.ceil((valuesAt + words.byteLength) / 16) * 16;
    const end = rowsAt + 12 * pieceRows;
    if (end > addressEnd) return undefined;
    const kernel = shelf.take();
    if (kernel.reach(end)) return new WordPicker(column, words, kernel, rowsAt);
    shelf.give(kernel);
    return undefined;
  }

  /** Each row must be within the column, or -1, which is picked as 0 or as null. */
  pick(rows: Int32Array): Column {
    const out = new Uint8Array(this.width * rows.length);
    this.pickInto(rows, out);
    return this.columnOf(rows, out);
  }

  /** As `pick`, in memory that is written to again by the next call. */
  lend(rows: Int32Array): Column {
    const bytes = this.width * rows.length;
    if (this.lent.length < bytes) this.lent = new Uint8Array(Math.max(bytes, 8 * batchRowsMax));
    const out = this.lent.subarray(0, bytes);
    this.pickInto(rows, out);
    return this.columnOf(rows, out);
  }

  private columnOf(rows: Int32Array, values: Uint8Array<ArrayBuffer>): Column {
    const { column } = this;
    const picked = withRows(column, values.buffer, rows.length);
    const { validity } = column;
    return validity === undefined ? picked : { ...picked, validity: pickedBits(validity, rows) };
  }

  private pickInto(rows: Int32Array, out: Uint8Array): void {
    const { kernel, rowsAt, width } = this;
    const { buffer } = kernel.memory;
    const to = rowsAt + 4 * pieceRows;
    for (let start = 0; start < rows.length; start += pieceRows) {
      const piece = rows.subarray(start, start + pieceRows);
      new Int32Array(buffer, rowsAt, piece.length).set(piece);
      if (width === 4) kernel.pick4(rowsAt, piece.length, valuesAt, to);
      else kernel.pick8(rowsAt, piece.length, valuesAt, to);
      out.set(new Uint8Array(buffer, to, width * piece.length), width * start);
    }
  }

  /** To be called once, after which nothing may be picked. */
  close(): void {
    shelf.give(this.kernel);
  }
}
