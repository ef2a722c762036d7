// Numbers different texts in WebAssembly: the table of the string counter, with a number in the place of a count.
//
// Numbering 11-byte keys took 460 ns a row through words of keys in a table of this language, and 15 ns here.

import { type DictionaryColumn, type TextColumn, textColumn } from "../../../proto/batch/column.ts";
import { EngineError } from "../../../proto/errors.ts";
import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { stringCounterBytesMax, textIndexesMax } from "../../../proto/limits.ts";
import { wasmBase64 } from "../generated/string-counter-wasm.ts";
import { endOfPiece } from "./end-of-piece.ts";
import { gather } from "./gather.ts";
import { OpenKernels } from "./open-kernels.ts";
import { type CodedGroups, numbersOfRows } from "./row-groups.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reset(from: number, slotBits: number, bytesMax: number): number;
  number(
    bytes: number,
    offsets: number,
    numbers: number,
    rows: number,
    adds: number,
    firsts: number,
    step: number,
  ): number;
  entriesByNumber(entries: number): void;
  measure(entries: number, count: number, offsets: number): number;
  copyTexts(entries: number, count: number, to: number): void;
  copyCounts(entries: number, count: number, to: number): void;
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
const firstsAt = numbersAt + 4 * pieceRowsMax + 64;
const heapAt = firstsAt + 4 * pieceRowsMax + 64;
const initialSlotBits = 10;

const shelf = new KernelShelf<Kernel>(wasmBase64);
const kernels = new OpenKernels(textIndexesMax);
const pieceLimits = { rowsMax: pieceRowsMax, lengthMax: pieceBytesMax };

export type Texts = TextColumn | DictionaryColumn;

/** Without codes and numbers where rows were counted, and no more was asked for. */
export interface Numbered extends CodedGroups {
  /** The rows of texts that were new, in order; undefined where nobody noted them. */
  readonly newRows: Int32Array | undefined;
  /** Whether each text's count grew by its rows. */
  readonly isCounted: boolean;
}

/** Numbers with the rows of texts that were new. */
interface Told {
  readonly numbers: Int32Array;
  readonly newRows: Int32Array;
}

const noRows = new Int32Array(0);

/** Whether rows are to be counted by the index, which then need not say their numbers. */
export type Counting = "none" | "beside" | "only";

/** Counts are numbers of 32 bits. */
const countedRowsMax = 2 ** 32 - 1;

/** The numbers of the texts of a dictionary, while the index has so many texts. */
interface KnownNumbers {
  readonly dictionary: TextColumn;
  readonly adds: boolean;
  readonly size: number;
  readonly numbers: Int32Array;
  /** How many of them are known. */
  readonly asked: number;
}

/** Among them, those that nobody asked for. */
const notAsked = -2;

/** Texts are numbered from 0 in the order in which they came. */
export class TextIndex {
  private readonly kernel: Kernel;
  private countedRows = 0;
  /** Texts before the piece that was added last. */
  private sizeBefore = 0;
  private last: KnownNumbers | undefined;

  private constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Undefined where too many are open. */
  static open(): TextIndex | undefined {
    if (kernels.isFull) return undefined;
    const kernel = shelf.take();
    if (kernel.reset(heapAt, initialSlotBits, stringCounterBytesMax) === 0) return undefined;
    const index = new TextIndex(kernel);
    kernels.add(index);
    return index;
  }

  /** To be called once, after which the index must not be used. */
  close(): void {
    kernels.close(this);
    shelf.give(this.kernel);
  }

  get size(): number {
    return this.kernel.sizeNow() >>> 0;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.kernel.bytesNow() >>> 0;
  }

  /**
   * The number of each row; undefined where a text is too long or memory ends, with rows numbered before it. Counts
   * them where it is to, and can.
   */
  add(column: Texts, counts: Counting = "none"): Numbered | undefined {
    if (column.type === "dictionary") {
      const coded = this.coded(column, true);
      return coded && { ...coded, codes: column.codes, isCounted: false };
    }
    const isCounted = counts !== "none" && this.countedRows + column.length <= countedRowsMax;
    const added = this.texts(column, true, isCounted ? 1 : 0, !(isCounted && counts === "only"));
    if (added !== undefined && isCounted) this.countedRows += column.length;
    return added && { ...added, codes: undefined, isCounted };
  }

  /** As `add`, with -1 for texts that were never added. */
  find(column: Texts): Int32Array | undefined {
    if (column.type === "dictionary") {
      const coded = this.coded(column, false);
      return coded && numbersOfRows({ ...coded, codes: column.codes }, column.length);
    }
    return this.texts(column, false, 0)?.numbers;
  }

  /** Numbers of the codes that rows use: each text of a dictionary is asked for once, in the order of their coming. */
  private coded({ codes, dictionary, length }: DictionaryColumn, adds: boolean): Told | undefined {
    const { numbers, asked } = this.known(dictionary, adds);
    const rows = new Int32Array(Math.min(length, dictionary.length - asked));
    let count = 0;
    // Of few texts the first rows use all.
    for (let i = 0; i < length && count < rows.length; i++) {
      const code = codes[i]!;
      if (numbers[code] !== notAsked) continue;
      numbers[code] = -1;
      rows[count++] = i;
    }
    if (count === 0) return { numbers, newRows: noRows };
    const used = rows.subarray(0, count).map((row) => codes[row]!);
    const found = this.texts(gather(dictionary, used) as TextColumn, adds, 0);
    const { size } = this;
    // What was added before the index was full has numbers that are not told.
    this.last = found && { dictionary, adds, size, numbers, asked: asked + count };
    if (found === undefined) return undefined;
    for (let i = 0; i < count; i++) numbers[used[i]!] = found.numbers[i]!;
    return { numbers, newRows: found.newRows.map((at) => rows[at]!) };
  }

  /** Of the texts of a dictionary, as far as they were asked for: batches of one row group have one dictionary. */
  private known(dictionary: TextColumn, adds: boolean): Pick<KnownNumbers, "numbers" | "asked"> {
    const { last } = this;
    const isKnown =
      last?.dictionary === dictionary && last.adds === adds && last.size === this.size;
    if (isKnown) return last;
    return { numbers: new Int32Array(dictionary.length).fill(notAsked), asked: 0 };
  }

  /**
   * Each text's count grows by `step` for each of its rows, or by nothing where the answer is undefined. Without
   * `tells` no numbers are answered.
   */
  private texts(
    { offsets, values, length }: Pick<TextColumn, "offsets" | "values" | "length">,
    adds: boolean,
    step: number,
    tells = true,
  ): Told | undefined {
    const numbers = new Int32Array(tells ? length : 0);
    const newRows: Int32Array[] = [];
    for (let row = 0; row < length; ) {
      const end = endOfPiece(offsets, row, length, pieceLimits);
      const rows = end - row;
      const done = rows === 0 ? 0 : this.piece(offsets, values, row, end, adds, step);
      if (rows === 0 || done < rows) {
        const counted = { offsets, values, length: row + done };
        if (step !== 0 && counted.length > 0) this.texts(counted, false, -step);
        return undefined;
      }
      if (tells) numbers.set(new Int32Array(this.kernel.memory.buffer, numbersAt, rows), row);
      if (this.size > this.sizeBefore) newRows.push(this.rowsOfPiece(row));
      row = end;
    }
    return { numbers, newRows: joined(newRows) };
  }

  /** Answers how many rows it came to. */
  private piece(
    offsets: Int32Array,
    values: Uint8Array,
    row: number,
    end: number,
    adds: boolean,
    step: number,
  ): number {
    const start = offsets[row]!;
    const rows = end - row;
    const { buffer } = this.kernel.memory;
    new Int32Array(buffer, offsetsAt, rows + 1).set(offsets.subarray(row, end + 1));
    new Uint8Array(buffer, bytesAt).set(values.subarray(start, offsets[end]!));
    this.sizeBefore = this.size;
    // Offsets stay those of the column: the address of its first byte lies as far before the piece.
    const from = bytesAt - start;
    return this.kernel.number(from, offsetsAt, numbersAt, rows, adds ? 1 : 0, firstsAt, step);
  }

  /** Of a piece that begins with `row`, the rows of new texts. */
  private rowsOfPiece(row: number): Int32Array {
    const { buffer } = this.kernel.memory;
    const own = new Int32Array(buffer, firstsAt, this.size - this.sizeBefore).slice();
    for (let i = 0; i < own.length; i++) own[i] = own[i]! + row;
    return own;
  }

  /** Room above all texts for what is read from there at once. */
  private scratch(above: number, bytes: number): number {
    const at = this.kernel.scratch(above, bytes) >>> 0;
    if (at > 0) return at;
    const message = `the memory of a table of ${this.size} texts ended; use more and smaller tasks`;
    throw new EngineError("LIMIT_EXCEEDED", message, { peakBytes: this.bytes });
  }

  /** The text of each number. */
  all(): TextColumn {
    const rows = this.size;
    const entries = this.scratch(0, 8 * rows + 4);
    this.kernel.entriesByNumber(entries);
    const offsetsFrom = entries + 4 * rows;
    const bytes = this.kernel.measure(entries, rows, offsetsFrom) >>> 0;
    const textsAt = this.scratch(offsetsFrom + 4 * rows + 4, bytes);
    this.kernel.copyTexts(entries, rows, textsAt);
    const { buffer } = this.kernel.memory;
    const offsets = new Int32Array(buffer, offsetsFrom, rows + 1).slice();
    return textColumn("key", offsets, new Uint8Array(buffer, textsAt, bytes).slice());
  }

  /** How many rows of each number were counted. */
  counts(): Float64Array {
    const rows = this.size;
    const entries = this.scratch(0, 8 * rows);
    this.kernel.entriesByNumber(entries);
    this.kernel.copyCounts(entries, rows, entries + 4 * rows);
    return Float64Array.from(new Uint32Array(this.kernel.memory.buffer, entries + 4 * rows, rows));
  }
}

function joined(parts: readonly Int32Array[]): Int32Array {
  if (parts.length === 1) return parts[0]!;
  const out = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
