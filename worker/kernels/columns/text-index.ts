// Numbers different texts in WebAssembly: the table of the string counter, with a number in the place of a count.
//
// Numbering 11-byte keys took 460 ns a row through words of keys in a table of this language, and 15 ns here.

import { type DictionaryColumn, type TextColumn, textColumn } from "../../../proto/batch/column.ts";
import { EngineError } from "../../../proto/errors.ts";
import { instantiate } from "../../../proto/kernels/wasm-module.ts";
import { stringCounterBytesMax, textIndexesMax } from "../../../proto/limits.ts";
import { wasmBase64 } from "../generated/string-counter-wasm.ts";
import { gather } from "./gather.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reset(from: number, slotBits: number, bytesMax: number): number;
  number(bytes: number, offsets: number, numbers: number, rows: number, adds: number): number;
  entriesByNumber(entries: number): void;
  scratch(above: number, bytes: number): number;
  sizeNow(): number;
  bytesNow(): number;
}

// Fixed places in the kernel's memory; its own data ends below the first. Pieces stay within a cache.
const pieceBytesMax = 128 * 1024;
const pieceRowsMax = 8 * 1024;
const bytesAt = 4096;
const offsetsAt = bytesAt + pieceBytesMax + 64;
const numbersAt = offsetsAt + 4 * pieceRowsMax + 64;
const heapAt = numbersAt + 4 * pieceRowsMax + 64;
const initialSlotBits = 10;
/** WebAssembly memory never shrinks, and no budget counts what free kernels have: this much in all is kept of them. */
const memoryBytesKept = 32 * 1024 * 1024;

/** Kernels of this thread that are free, and how many are not. */
const free: Kernel[] = [];
let freeBytes = 0;
let open = 0;

function takeKernel(): Kernel {
  const kernel = free.pop();
  if (kernel === undefined) return instantiate<Kernel>(wasmBase64);
  freeBytes -= kernel.memory.buffer.byteLength;
  return kernel;
}

function giveBack(kernel: Kernel): void {
  const { byteLength } = kernel.memory.buffer;
  if (freeBytes + byteLength > memoryBytesKept) return;
  freeBytes += byteLength;
  free.push(kernel);
}
/** Whoever fails does not close what it opened. */
const forgotten = new FinalizationRegistry<undefined>(() => {
  open--;
});

export type Texts = TextColumn | DictionaryColumn;

/** Texts are numbered from 0 in the order in which they came. */
export class TextIndex {
  private readonly kernel: Kernel;

  private constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Undefined where too many are open: each reserves a part of the address space. */
  static open(): TextIndex | undefined {
    if (open >= textIndexesMax) return undefined;
    const kernel = takeKernel();
    if (kernel.reset(heapAt, initialSlotBits, stringCounterBytesMax) === 0) return undefined;
    open++;
    const index = new TextIndex(kernel);
    forgotten.register(index, undefined, index);
    return index;
  }

  /** To be called once, after which the index must not be used. */
  close(): void {
    open--;
    forgotten.unregister(this);
    giveBack(this.kernel);
  }

  get size(): number {
    return this.kernel.sizeNow() >>> 0;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.kernel.bytesNow() >>> 0;
  }

  /** The number of each row; undefined where a text is too long or memory ends, with rows numbered before it. */
  add(column: Texts): Int32Array | undefined {
    return column.type === "dictionary" ? this.codes(column, true) : this.texts(column, true);
  }

  /** As `add`, with -1 for texts that were never added. */
  find(column: Texts): Int32Array | undefined {
    return column.type === "dictionary" ? this.codes(column, false) : this.texts(column, false);
  }

  /** Each text of a dictionary that rows use once, in the order of their coming. */
  private codes(column: DictionaryColumn, adds: boolean): Int32Array | undefined {
    const { codes, dictionary, length } = column;
    const placeOfCode = new Int32Array(dictionary.length).fill(-1);
    const used = new Int32Array(Math.min(length, dictionary.length));
    let count = 0;
    for (let i = 0; i < length; i++) {
      const code = codes[i]!;
      if (placeOfCode[code]! >= 0) continue;
      placeOfCode[code] = count;
      used[count++] = code;
    }
    const numbers = this.texts(gather(dictionary, used.subarray(0, count)) as TextColumn, adds);
    if (numbers === undefined) return undefined;
    const out = new Int32Array(length);
    for (let i = 0; i < length; i++) out[i] = numbers[placeOfCode[codes[i]!]!]!;
    return out;
  }

  private texts({ offsets, values, length }: TextColumn, adds: boolean): Int32Array | undefined {
    const out = new Int32Array(length);
    for (let row = 0; row < length; ) {
      const end = endOfPiece(offsets, row, length);
      if (end === row) return undefined;
      const start = offsets[row]!;
      const rows = end - row;
      const { buffer } = this.kernel.memory;
      new Int32Array(buffer, offsetsAt, rows + 1).set(offsets.subarray(row, end + 1));
      new Uint8Array(buffer, bytesAt).set(values.subarray(start, offsets[end]!));
      // Offsets stay those of the column: the address of its first byte lies as far before the piece.
      const done = this.kernel.number(bytesAt - start, offsetsAt, numbersAt, rows, adds ? 1 : 0);
      if (done < rows) return undefined;
      out.set(new Int32Array(this.kernel.memory.buffer, numbersAt, rows), row);
      row = end;
    }
    return out;
  }

  /** The text of each number. */
  all(): TextColumn {
    const rows = this.size;
    const at = this.kernel.scratch(0, 4 * rows) >>> 0;
    if (at === 0) {
      const message = `the memory of a table of ${rows} texts ended; use more and smaller tasks`;
      throw new EngineError("LIMIT_EXCEEDED", message, { peakBytes: this.bytes });
    }
    this.kernel.entriesByNumber(at);
    const { buffer } = this.kernel.memory;
    const entries = new Uint32Array(buffer, at, rows);
    const words = new Uint32Array(buffer, 0, buffer.byteLength >> 2);
    const offsets = new Int32Array(rows + 1);
    for (let i = 0; i < rows; i++) {
      offsets[i + 1] = offsets[i]! + words[(entries[i]! + lengthInEntry) >> 2]! - 1;
    }
    const values = new Uint8Array(offsets[rows]!);
    for (let i = 0; i < rows; i++) {
      const length = offsets[i + 1]! - offsets[i]!;
      const from = length <= inlineBytesMax ? entries[i]! : words[entries[i]! >> 2]!;
      values.set(new Uint8Array(buffer, from, length), offsets[i]!);
    }
    return textColumn("key", offsets, values);
  }
}

// Of an entry of the kernel's table.
const lengthInEntry = 28;
const inlineBytesMax = 16;

/** The rows from `row` on that fit a piece; none where the first does not. */
function endOfPiece(offsets: Int32Array, row: number, length: number): number {
  let end = Math.min(row + pieceRowsMax, length);
  const limit = offsets[row]! + pieceBytesMax;
  if (offsets[end]! <= limit) return end;
  let low = row;
  while (end - low > 1) {
    const middle = (low + end) >> 1;
    if (offsets[middle]! <= limit) low = middle;
    else end = middle;
  }
  return low;
}
