// Numbers different keys of several columns, in WebAssembly (key-table.as.ts): one probe for a whole key, where a number of
// each column and a table of these took one for each.

import type { Column } from "../../../proto/batch/column.ts";
import { EngineError } from "../../../proto/errors.ts";
import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { keysIndexBytesMax, keysIndexesMax } from "../../../proto/limits.ts";
import { wasmBase64 } from "../generated/key-table-wasm.ts";
import { endOfPiece } from "./end-of-piece.ts";
import { GroupTable } from "./group-table.ts";
import { type KeyRows, keyRows, tagWordsOf } from "./key-rows.ts";
import { OpenKernels } from "./open-kernels.ts";
import type { Numbered } from "./text-index.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reset(from: number, slotBits: number, bytesMax: number): number;
  number(
    keys: number,
    starts: number,
    rows: number,
    numbers: number,
    adds: number,
    firsts: number,
  ): number;
  scratch(bytes: number): number;
  copyKeys(starts: number, to: number): void;
  countNow(): number;
  wordsNow(): number;
  bytesNow(): number;
}

// Fixed places in the kernel's memory; its own data ends below the first. Pieces stay within a cache.
const pieceWordsMax = 32 * 1024;
const pieceRowsMax = 8 * 1024;
const wordsAt = 4096;
const startsAt = wordsAt + 4 * pieceWordsMax + 64;
const numbersAt = startsAt + 4 * pieceRowsMax + 64;
const firstsAt = numbersAt + 4 * pieceRowsMax + 64;
const heapAt = firstsAt + 4 * pieceRowsMax + 64;
const initialSlotBits = 10;

const shelf = new KernelShelf<Kernel>(wasmBase64);
const kernels = new OpenKernels(keysIndexesMax);
const pieceLimits = { rowsMax: pieceRowsMax, lengthMax: pieceWordsMax };

/** Where the words of each key begin, and where those of the last end. */
function startsOf({ rows, starts, width }: KeyRows): Int32Array {
  if (starts !== undefined) return starts;
  const out = new Int32Array(rows + 1);
  for (let row = 0; row <= rows; row++) out[row] = row * width;
  return out;
}

/** Keys are numbered from 0 in the order in which they came. */
export class KeysIndex {
  private readonly kernel: Kernel;
  private readonly tagWords: number;

  private constructor(kernel: Kernel, columns: number) {
    this.kernel = kernel;
    this.tagWords = tagWordsOf(columns);
  }

  /** Undefined where too many are open. */
  static open(columns: number, bytesMax: number = keysIndexBytesMax): KeysIndex | undefined {
    if (kernels.isFull) return undefined;
    const kernel = shelf.take();
    if (kernel.reset(heapAt, initialSlotBits, bytesMax) === 0) return undefined;
    const index = new KeysIndex(kernel, columns);
    kernels.add(index);
    return index;
  }

  /** To be called once, after which the index must not be used. */
  close(): void {
    kernels.close(this);
    shelf.give(this.kernel);
  }

  get size(): number {
    return this.kernel.countNow() >>> 0;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.kernel.bytesNow() >>> 0;
  }

  /** The number of each row; undefined where a key is too long or memory ends, with rows numbered before it. */
  add(columns: readonly Column[], rows: number): Numbered | undefined {
    const newRows = new Int32Array(rows);
    const before = this.size;
    const numbers = this.numbers(keyRows(columns, rows, this.tagWords), newRows);
    if (numbers === undefined) return undefined;
    const added = newRows.subarray(0, this.size - before);
    return { numbers, codes: undefined, newRows: added, isCounted: false };
  }

  /** As `add`, with -1 for keys that were never added. */
  find(columns: readonly Column[], rows: number): Int32Array | undefined {
    return this.numbers(keyRows(columns, rows, this.tagWords), undefined);
  }

  /** Where there is an array for new rows, keys are added. */
  private numbers(keys: KeyRows, newRows: Int32Array | undefined): Int32Array | undefined {
    const { rows, words } = keys;
    const starts = startsOf(keys);
    const numbers = new Int32Array(rows);
    const before = this.size;
    for (let row = 0; row < rows; ) {
      const end = endOfPiece(starts, row, rows, pieceLimits);
      if (end === row) return undefined;
      const sizeBefore = this.size;
      const piece = words.subarray(starts[row], starts[end]);
      const done = this.piece(piece, starts.subarray(row, end + 1), newRows !== undefined);
      if (done < end - row) return undefined;
      const { buffer } = this.kernel.memory;
      numbers.set(new Int32Array(buffer, numbersAt, done), row);
      const firsts = new Int32Array(buffer, firstsAt, this.size - sizeBefore);
      for (let i = 0, to = sizeBefore - before; i < firsts.length; i++, to++) {
        newRows![to] = firsts[i]! + row;
      }
      row = end;
    }
    return numbers;
  }

  /** Answers how many rows it came to. */
  private piece(words: Int32Array, starts: Int32Array, adds: boolean): number {
    const { kernel } = this;
    const { buffer } = kernel.memory;
    new Int32Array(buffer, wordsAt, words.length).set(words);
    new Int32Array(buffer, startsAt, starts.length).set(starts);
    // Starts stay those of all rows: the address of the first word lies as far before the piece.
    const from = wordsAt - 4 * starts[0]!;
    const rows = starts.length - 1;
    return kernel.number(from, startsAt, rows, numbersAt, adds ? 1 : 0, firstsAt);
  }

  /** The same numbers in a table that has room for more keys, and for longer ones. */
  asTable(): GroupTable {
    const { kernel, size } = this;
    const words = kernel.wordsNow() >>> 0;
    const startsTo = kernel.scratch(4 * (size + 1) + 4 * words) >>> 0;
    if (startsTo === 0) {
      const message = `the memory of a table of ${size} keys ended; use more and smaller tasks`;
      throw new EngineError("LIMIT_EXCEEDED", message, { peakBytes: this.bytes });
    }
    const wordsTo = startsTo + 4 * (size + 1);
    kernel.copyKeys(startsTo, wordsTo);
    const { buffer } = kernel.memory;
    const table = new GroupTable();
    table.add({
      rows: size,
      words: new Int32Array(buffer, wordsTo, words),
      starts: new Int32Array(buffer, startsTo, size + 1),
      width: 0,
    });
    return table;
  }
}
