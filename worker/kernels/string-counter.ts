// Counts equal strings: the hot path of countByValue over what a user's closure returned.
//
// Measured on one core, 100 MB of text, 15.2 M words, 200 000 distinct, ns per word:
//   36  the user's `line.split(" ")`
//   20  concat and join    28  JSON.stringify    44  v8.serialize
//   13  the charCodeAt loop below, its typeof and ASCII check included (typeof alone 0.3)
//    9  the table          88  a Map of strings
//
// So characters are copied one by one: it beats every builtin, needs no separator that a string
// could hold itself, sees each value's type, and keeps no reference to the user's strings.
// Unrolling the loop or packing characters into words made it slower (mispredicted lengths).
import { assert, EngineError } from "../../proto/errors.ts";
import { instantiate } from "../../proto/kernels/wasm-module.ts";
import { partitionsPerShuffleMax, stringCounterBytesMax } from "../../proto/limits.ts";
import { wasmBase64 } from "./generated/string-counter-wasm.ts";
import { utf8Of, writeUtf8Long, writeUtf8Short } from "./write-utf8.ts";

/** Arrow utf8 column and its counts: row r is `bytes[offsets[r] .. offsets[r + 1])`. */
export interface StringCountColumns {
  readonly rows: number;
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  readonly counts: Float64Array;
}

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reset(from: number, slotBits: number, bytesMax: number): number;
  count(bytes: number, offsets: number, counts: number, rows: number): number;
  prepare(): number;
  scratch(above: number, bytes: number): number;
  partition(at: number, partitions: number): void;
  emit(index: number, offsets: number, counts: number, bytes: number): number;
  sizeNow(): number;
  bytesNow(): number;
}

// The staging area of one kernel call stays within the L2 cache beside the hot part of the table.
const stagedBytesMax = 128 * 1024;
const stagedRowsMax = 16 * 1024;
/** Longer strings are encoded by the engine, whose call costs as much as this many characters. */
const shortUnitsMax = 64;
const stagedBytesFull = stagedBytesMax - 3 * shortUnitsMax;

// Fixed places in the kernel's memory; its own data ends below the first.
const bytesAt = 4096;
const offsetsAt = bytesAt + stagedBytesMax + 64;
const countsAt = offsetsAt + 4 * stagedRowsMax + 64;
const heapAt = countsAt + 8 * stagedRowsMax;
const initialSlotBits = 13;
/** WebAssembly memory never shrinks: a larger one is given up after a drain. */
const memoryBytesKept = 64 * 1024 * 1024;

/** Whether join, encode and the like would see strings only. `add` checks by itself. */
export function allStrings(values: readonly unknown[]): values is readonly string[] {
  for (let index = 0; index < values.length; index++) {
    if (typeof values[index] !== "string") return false;
  }
  return true;
}

export class StringCounter {
  private readonly bytesMax: number;
  private kernel: Kernel;
  private staged: Uint8Array;
  private stagedOffsets: Int32Array;
  private stagedCounts: Float64Array;
  private stagedRows = 0;
  private stagedLength = 0;

  constructor(options: { readonly bytesMax?: number } = {}) {
    this.bytesMax = options.bytesMax ?? stringCounterBytesMax;
    assert(this.bytesMax <= stringCounterBytesMax, `bytesMax ${this.bytesMax} is above the bound`);
    this.kernel = instantiate<Kernel>(wasmBase64);
    this.staged = new Uint8Array(0);
    this.stagedOffsets = new Int32Array(0);
    this.stagedCounts = new Float64Array(0);
    this.reset();
  }

  /** Distinct strings so far. */
  get size(): number {
    this.flush();
    return this.kernel.sizeNow();
  }

  /** Memory of the table and its keys: what to compare with a budget. Doubles now and then. */
  get bytesUsed(): number {
    return this.kernel.bytesNow() >>> 0;
  }

  /**
   * Counts each string once. Returns how many leading values it counted: fewer than there are when
   * the next one is not a string, so that the caller can name it or go on by another path. A string
   * with half of a surrogate pair throws VALUE_UNSUPPORTED. After a throw the counter must be given
   * up.
   */
  add(values: readonly unknown[]): number {
    let bytes = this.staged;
    let offsets = this.stagedOffsets;
    let rows = this.stagedRows;
    let end = this.stagedLength;
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (typeof value !== "string") {
        this.stagedRows = rows;
        this.stagedLength = end;
        return index;
      }
      const length = value.length;
      if (length > shortUnitsMax || end > stagedBytesFull || rows === stagedRowsMax) {
        this.stagedRows = rows;
        this.stagedLength = end;
        this.addSlowly(value);
        bytes = this.staged;
        offsets = this.stagedOffsets;
        rows = this.stagedRows;
        end = this.stagedLength;
        continue;
      }
      let seen = 0;
      for (let unit = 0; unit < length; unit++) {
        const code = value.charCodeAt(unit);
        seen |= code;
        bytes[end + unit] = code;
      }
      end = seen < 0x80 ? end + length : writeUtf8Short(value, bytes, end);
      offsets[++rows] = end;
    }
    this.stagedRows = rows;
    this.stagedLength = end;
    return values.length;
  }

  /**
   * The same for a chunk of arrays, as flatMap's closure returned them; throws for a
   * non-string.
   */
  addMany(arrays: readonly (readonly unknown[])[]): void {
    for (let index = 0; index < arrays.length; index++) {
      const values = arrays[index]!;
      const counted = this.add(values);
      if (counted === values.length) continue;
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `value ${counted} of array ${index} is of type ${typeof values[counted]}, not a string; ` +
          "return strings only, for example with String(value)",
        { row: index },
      );
    }
  }

  /** Adds counted keys of another counter: an Arrow utf8 column, each key once without `counts`. */
  addUtf8(bytes: Uint8Array, offsets: Int32Array | Uint32Array, counts?: Float64Array): void {
    this.flush();
    const rows = offsets.length - 1;
    assert(counts === undefined || counts.length >= rows, "a count is missing for some row");
    let row = 0;
    while (row < rows) {
      const start = offsets[row]!;
      let last = row;
      while (last < rows && last - row < stagedRowsMax) {
        const next = offsets[last + 1]!;
        // The text of a message costs more than a row: it is built only for a failure.
        if (next < offsets[last]! || next > bytes.length) {
          assert(
            false,
            `offset ${last + 1} is ${next}, out of order or beyond ${bytes.length} bytes`,
          );
        }
        if (next - start > stagedBytesMax) break;
        this.stagedOffsets[last + 1 - row] = next - start;
        if (counts !== undefined) this.stageCount(last - row, counts[last]!);
        last++;
      }
      if (last === row) {
        this.addLarge(
          bytes.subarray(start, offsets[row + 1]!),
          counts === undefined ? 1 : counts[row]!,
        );
        row++;
        continue;
      }
      this.staged.set(bytes.subarray(start, offsets[last]!));
      this.run(bytesAt, last - row, counts === undefined ? 0 : countsAt);
      row = last;
    }
  }

  /**
   * Hands out everything by partition (`partitionOf(stableHash32(key), partitions)`) and empties
   * the counter. The order of rows is a function of the sequence of added strings alone.
   */
  drain(partitions: number): StringCountColumns[] {
    assert(
      Number.isInteger(partitions) && partitions >= 1 && partitions <= partitionsPerShuffleMax,
      `partitions must be 1 to ${partitionsPerShuffleMax}, not ${partitions}`,
    );
    this.flush();
    const kernel = this.kernel;
    const sortedBytes = 12 * partitions + 4 * kernel.sizeNow();
    const at = this.scratch(0, sortedBytes);
    kernel.partition(at, partitions);
    const rows = new Uint32Array(kernel.memory.buffer, at, partitions).slice();
    const lengths = new Uint32Array(kernel.memory.buffer, at + 4 * partitions, partitions).slice();
    const rowsMax = rows.reduce((most, value) => Math.max(most, value), 0);
    const lengthMax = lengths.reduce((most, value) => Math.max(most, value), 0);
    const columnsAt = this.scratch(at + sortedBytes, 12 * rowsMax + 4 + lengthMax);
    const offsetsStart = columnsAt + 8 * rowsMax;
    const bytesStart = offsetsStart + 4 * rowsMax + 4;
    const parts: StringCountColumns[] = [];
    for (let index = 0; index < partitions; index++) {
      if (!kernel.emit(index, offsetsStart, columnsAt, bytesStart)) {
        throw new EngineError(
          "LIMIT_EXCEEDED",
          "a string was counted more than 2^53 times, beyond which counts are not exact",
        );
      }
      const buffer = kernel.memory.buffer;
      parts.push({
        rows: rows[index]!,
        offsets: new Int32Array(buffer, offsetsStart, rows[index]! + 1).slice(),
        bytes: new Uint8Array(buffer, bytesStart, lengths[index]!).slice(),
        counts: new Float64Array(buffer, columnsAt, rows[index]!).slice(),
      });
    }
    this.reset();
    return parts;
  }

  /** One string that is long, or for which there is no room. */
  private addSlowly(value: string): void {
    const room = stagedBytesMax - this.stagedLength;
    if (this.stagedRows === stagedRowsMax || 3 * value.length > room) this.flush();
    if (3 * value.length > stagedBytesMax) {
      if (value.length > this.bytesMax) throw this.full(value.length);
      this.addLarge(utf8Of(value), 1);
      return;
    }
    const write = value.length > shortUnitsMax ? writeUtf8Long : writeUtf8Short;
    this.stagedLength = write(value, this.staged, this.stagedLength);
    this.stagedOffsets[++this.stagedRows] = this.stagedLength;
  }

  /**
   * One key that does not fit the staging area: it is placed where the arena will keep it
   * anyway.
   */
  private addLarge(bytes: Uint8Array, times: number): void {
    const at = this.kernel.prepare() ? this.kernel.scratch(0, bytes.length) >>> 0 : 0;
    if (at === 0) throw this.full(bytes.length);
    this.refresh();
    new Uint8Array(this.kernel.memory.buffer, at, bytes.length).set(bytes);
    this.stagedOffsets[1] = bytes.length;
    this.stageCount(0, times);
    this.run(at, 1, countsAt);
  }

  private stageCount(row: number, count: number): void {
    if (!Number.isSafeInteger(count) || count < 0) {
      assert(false, `a count must be a whole number, not ${count}`);
    }
    this.stagedCounts[row] = count;
  }

  private flush(): void {
    if (this.stagedRows === 0) return;
    this.run(bytesAt, this.stagedRows, 0);
  }

  private run(bytes: number, rows: number, counts: number): void {
    this.stagedRows = 0;
    this.stagedLength = 0;
    if (this.kernel.count(bytes, offsetsAt, counts, rows) < rows) throw this.full(0);
    this.refresh();
  }

  private scratch(above: number, bytes: number): number {
    // Addresses come out of WebAssembly as signed numbers.
    const at = this.kernel.scratch(above, bytes) >>> 0;
    if (at === 0) throw this.full(bytes);
    return at;
  }

  private full(wantedBytes: number): EngineError {
    return new EngineError(
      "LIMIT_EXCEEDED",
      `counting ${this.kernel.sizeNow()} distinct strings took ${this.bytesUsed} bytes; more ` +
        `(${wantedBytes === 0 ? "the next larger table" : `${wantedBytes} bytes`}) would pass ` +
        `the bound of ${this.bytesMax} bytes or the memory of this process; drain earlier, or ` +
        "use more and smaller tasks",
      { limitBytes: this.bytesMax, peakBytes: this.bytesUsed },
    );
  }

  /** Memory that grew has a new buffer, and views of the old one are empty. */
  private refresh(): void {
    if (this.staged.length !== 0) return;
    const buffer = this.kernel.memory.buffer;
    this.staged = new Uint8Array(buffer, bytesAt, stagedBytesMax);
    this.stagedOffsets = new Int32Array(buffer, offsetsAt, stagedRowsMax + 1);
    this.stagedCounts = new Float64Array(buffer, countsAt, stagedRowsMax);
  }

  private reset(): void {
    if (this.kernel.memory.buffer.byteLength > memoryBytesKept) {
      this.kernel = instantiate<Kernel>(wasmBase64);
    }
    this.staged = new Uint8Array(0);
    // The table starts small again so that the order of rows does not depend on earlier contents.
    if (!this.kernel.reset(heapAt, initialSlotBits, this.bytesMax)) throw this.full(0);
    this.refresh();
    this.stagedOffsets[0] = 0;
  }
}
