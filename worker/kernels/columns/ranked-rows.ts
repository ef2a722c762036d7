// Rows by a whole number of 32 bits, for numbers that lie within a range of some times as many: a table in WebAssembly
// (ranked-rows.as.ts) with a bit for each number of the range, which is about as large as a few caches hold of the rows
// of a large join. Of half a million rows with keys among eleven millions, each found by another row, building took 10 ns
// a row, finding 12 and making pairs 14; as a hash table in this language 65, 45 and 38.

import { EngineError } from "../../../proto/errors.ts";
import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import { wasmBase64 } from "../generated/ranked-rows-wasm.ts";
import type { NumberRange, RowPairs, RowsByNumber } from "./rows-by-number.ts";
import type { WholeKeys } from "./whole-keys.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reach(end: number): number | boolean;
  mark(numbers: number, rows: number, least: number, words: number, wordsEnd: number): void;
  count(words: number, wordsEnd: number): number;
  rank(
    numbers: number,
    rows: number,
    least: number,
    length: number,
    words: number,
    none: number,
  ): number;
  place(ranks: number, rows: number, rankCount: number, ends: number): void;
  order(places: number, rows: number, to: number): void;
  look(ranks: number, rows: number, table: number): void;
  countPairs(ranks: number, rows: number, starts: number): number;
  pair(ranks: number, rows: number, starts: number, toRows: number, toPlaces: number): void;
}

/** The kernel's own data ends below. */
const wordsAt = 4096;
const wordBytes = 8;
/** Addresses are numbers of 32 bits; the last page is left alone. */
const addressEnd = 0xffff_0000;
/** Places within a range are numbers of 32 bits too, and so is the one behind it. */
const rangeMax = 0xffff_fffe;

const shelf = new KernelShelf<Kernel>(wasmBase64);

/** Where things lie in the kernel's memory. */
interface Places {
  /** Behind the words there is one more, without bits. */
  readonly none: number;
  /** What there is for -1, and then for each rank: its first row, or where its rows begin in order. */
  readonly table: number;
  /** Of the rows that are looked for. */
  readonly numbers: number;
}

function placesOf({ length }: NumberRange, rows: number): Places {
  // One number beyond the range stands for rows without any.
  const none = wordsAt + wordBytes * Math.ceil((length + 1) / 32);
  const table = none + wordBytes;
  return { none, table, numbers: table + 4 * (rows + 4) };
}

export class RankedRows implements RowsByNumber {
  readonly order: Int32Array | undefined;
  readonly next: Int32Array | undefined;
  readonly isUnique: boolean;
  /** Whether each number of the range is there, each in one row, and every row has one. */
  readonly isFull: boolean;
  private readonly kernel: Kernel;
  private readonly range: NumberRange;
  private readonly places: Places;
  /** Whether ranks are places of rows, so that the table is not asked. */
  private readonly arePlaces: boolean;

  private constructor(kernel: Kernel, keys: WholeKeys, range: NumberRange, mayReorder: boolean) {
    const rows = keys.values.length;
    this.kernel = kernel;
    this.range = range;
    this.places = placesOf(range, rows);
    const ranks = this.rankAll(keys);
    // All rows without a number have the last rank, which is never found.
    const found = ranks - (range.rows < rows ? 1 : 0);
    this.isUnique = found === range.rows;
    this.isFull = this.isUnique && range.rows === rows && range.length === rows;
    const order = this.orderOf(rows, ranks);
    this.order = mayReorder ? order : undefined;
    this.arePlaces = mayReorder && this.isUnique;
    this.next = mayReorder || this.isUnique ? undefined : this.chains(order, ranks);
    if (!mayReorder && this.isUnique) this.ints(this.places.table + 4, rows).set(order);
  }

  /** `mayReorder`: the table may number rows in its own order. Undefined where the kernel has no memory for so many. */
  static of(keys: WholeKeys, range: NumberRange, mayReorder: boolean): RankedRows | undefined {
    const rows = keys.values.length;
    const end = placesOf(range, rows).numbers + 4 * (2 * rows + batchRowsMax);
    if (end > addressEnd || range.length > rangeMax) return undefined;
    const kernel = shelf.take();
    if (kernel.reach(end)) return new RankedRows(kernel, keys, range, mayReorder);
    shelf.give(kernel);
    return undefined;
  }

  /** Puts the rank of each row where numbers lie; answers how many ranks there are. */
  private rankAll({ values, outside }: WholeKeys): number {
    const { kernel, range, places } = this;
    const { none, numbers } = places;
    const rows = values.length;
    const own = this.ints(numbers, rows);
    own.set(values);
    if (outside !== undefined) {
      for (let row = 0; row < rows; row++) {
        if (outside[row] === 1) own[row] = range.min + range.length;
      }
    }
    kernel.mark(numbers, rows, range.min, wordsAt, none + wordBytes);
    const ranks = kernel.count(wordsAt, none);
    kernel.rank(numbers, rows, range.min, range.length + 1, wordsAt, none);
    return ranks;
  }

  /** Rows by their ranks, those of one as they came; where each rank ends is put into the table. */
  private orderOf(rows: number, ranks: number): Int32Array {
    const { kernel, places } = this;
    const { table, numbers } = places;
    kernel.place(numbers, rows, ranks, table + 8);
    kernel.order(numbers, rows, numbers + 4 * rows);
    this.ints(table, 2).set([-1, 0]);
    return this.ints(numbers + 4 * rows, rows).slice();
  }

  /** Puts the first row of each rank into the table; answers what comes after each row. */
  private chains(order: Int32Array, ranks: number): Int32Array {
    const next = new Int32Array(order.length).fill(-1);
    const table = this.ints(this.places.table + 4, ranks + 1);
    for (let rank = 0; rank < ranks; rank++) {
      const start = table[rank]!;
      const end = table[rank + 1]!;
      table[rank] = order[start]!;
      for (let place = start + 1; place < end; place++) next[order[place - 1]!] = order[place]!;
    }
    return next;
  }

  private ints(at: number, count: number): Int32Array {
    return new Int32Array(this.kernel.memory.buffer, at, count);
  }

  get bytes(): number {
    const { order, next, kernel } = this;
    return kernel.memory.buffer.byteLength + (order?.byteLength ?? 0) + (next?.byteLength ?? 0);
  }

  /** Has room for so many numbers and as many bytes behind them. */
  private reach(count: number, bytes = 0): void {
    const { kernel, places } = this;
    const end = places.numbers + 4 * count + bytes;
    if (end <= addressEnd && kernel.reach(end)) return;
    const limitBytes = kernel.memory.buffer.byteLength;
    const message = `the system gives no more than ${limitBytes} bytes for keys of a join; lower --memory`;
    throw new EngineError("MEMORY_EXCEEDED", message, { limitBytes });
  }

  /** Puts ranks where numbers lie; answers how many of them are there. */
  private ranksOf(numbers: Int32Array): number {
    const { kernel, range, places } = this;
    this.reach(numbers.length);
    this.ints(places.numbers, numbers.length).set(numbers);
    const { min, length } = range;
    return kernel.rank(places.numbers, numbers.length, min, length, wordsAt, places.none);
  }

  find(numbers: Int32Array, into: Int32Array): number {
    const found = this.ranksOf(numbers);
    const { kernel, places } = this;
    if (!this.arePlaces) kernel.look(places.numbers, numbers.length, places.table);
    into.set(this.ints(places.numbers, numbers.length));
    return found;
  }

  /** Where rows of a number lie side by side, which they do in the order of the table. */
  pairsOf({ values, outside }: WholeKeys): RowPairs | undefined {
    if (this.order === undefined) return undefined;
    const { length } = values;
    this.ranksOf(values);
    const { kernel, places } = this;
    if (outside !== undefined) {
      const ranks = this.ints(places.numbers, length);
      for (let row = 0; row < length; row++) if (outside[row] === 1) ranks[row] = -1;
    }
    const starts = places.table + 4;
    const count = kernel.countPairs(places.numbers, length, starts) >>> 0;
    this.reach(length, 8 * count);
    const rowsAt = places.numbers + 4 * length;
    kernel.pair(places.numbers, length, starts, rowsAt, rowsAt + 4 * count);
    return {
      probe: this.ints(rowsAt, count).slice(),
      kept: this.ints(rowsAt + 4 * count, count).slice(),
    };
  }

  /** To be called once, after which nothing may be asked for. */
  close(): void {
    shelf.give(this.kernel);
  }
}
