// Sums of doubles by whole numbers of 32 bits, in parts by which rows are divided, in WebAssembly (integer-sums.as.ts).

import { EngineError } from "../../../proto/errors.ts";
import { KernelShelf } from "../../../proto/kernels/kept-kernels.ts";
import { wasmBase64 } from "../generated/integer-sums-wasm.ts";
import { withDivideKernel } from "./divide-kernel.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  begin(parts: number, partCount: number, free: number, from: number, sumCount: number): void;
  number(part: number, keys: number, rows: number, groups: number): number;
  add(part: number, sum: number, values: number, groups: number, rows: number): void;
  groupsOf(part: number): number;
  keysAt(part: number): number;
  sumsAt(part: number, sum: number): number;
  bytesOf(part: number): number;
  clear(part: number): void;
}

/** Rows of a part that are added at a time: with the part's table they lie in a cache. */
const chunkRows = 8192;
const partsAt = 4096;
const partBytes = 16;
const freeBytes = 128;

const shelf = new KernelShelf<Kernel>(wasmBase64);

/** Keys of rows, the part of each, and what is to be added to each sum: pieces of the same lengths. */
export interface SummedRows {
  readonly keys: readonly Int32Array[];
  readonly parts: readonly Int32Array[];
  readonly values: readonly (readonly Float64Array[])[];
}

export class IntegerSums {
  private readonly kernel: Kernel;
  private readonly partCount: number;
  private readonly sumCount: number;
  private readonly keysAt: number;
  private readonly groupsAt: number;
  private readonly valuesAt: number;

  constructor(partCount: number, sumCount: number) {
    this.kernel = shelf.take();
    this.partCount = partCount;
    this.sumCount = sumCount;
    const freeAt = partsAt + partBytes * partCount;
    this.keysAt = freeAt + freeBytes;
    this.groupsAt = this.keysAt + 4 * chunkRows;
    this.valuesAt = this.groupsAt + 4 * chunkRows;
    const blocksAt = this.valuesAt + 8 * chunkRows;
    this.kernel.begin(partsAt, partCount, freeAt, blocksAt, sumCount);
  }

  /** Adds rows in their order; false where they are too many for the kernel, and none was added. */
  add(rows: SummedRows): boolean {
    const count = rows.keys.reduce((sum, { length }) => sum + length, 0);
    const longest = rows.keys.reduce((most, { length }) => Math.max(most, length), 0);
    const { partCount } = this;
    const columns = rows.values.map(() => 8 * count);
    const lengths = [4 * count, 4 * partCount, 8 * longest, 4 * count, ...columns];
    const isAdded = withDivideKernel(lengths, (divide, [places, ends, piece, keysTo, ...to]) => {
      const { buffer } = divide.memory;
      let at = places!;
      for (const own of rows.parts) {
        new Int32Array(buffer, at, own.length).set(own);
        at += own.byteLength;
      }
      divide.place(places!, count, partCount, ends!, places!);
      at = places!;
      for (const own of rows.keys) {
        new Int32Array(buffer, piece, own.length).set(own);
        divide.scatter4(piece!, at, own.length, keysTo!);
        at += own.byteLength;
      }
      for (const [sum, pieces] of rows.values.entries()) {
        at = places!;
        for (const own of pieces) {
          new Float64Array(buffer, piece, own.length).set(own);
          divide.scatter8(piece!, at, own.length, to[sum]!);
          at += 4 * own.length;
        }
      }
      const keys = new Int32Array(buffer, keysTo, count);
      const values = to.map((place) => new Float64Array(buffer, place, count));
      this.addDivided(keys, values, new Int32Array(buffer, ends, partCount));
      return true;
    });
    return isAdded === true;
  }

  private addDivided(keys: Int32Array, values: readonly Float64Array[], ends: Int32Array): void {
    for (let part = 0, start = 0; part < this.partCount; part++) {
      const end = ends[part]!;
      for (; start < end; start += chunkRows) {
        const stop = Math.min(start + chunkRows, end);
        const own = values.map((column) => column.subarray(start, stop));
        this.addChunk(part, keys.subarray(start, stop), own);
      }
      start = end;
    }
  }

  private addChunk(part: number, keys: Int32Array, values: readonly Float64Array[]): void {
    const { kernel, keysAt, groupsAt, valuesAt } = this;
    const rows = keys.length;
    new Int32Array(kernel.memory.buffer, keysAt, rows).set(keys);
    if (kernel.number(part, keysAt, rows, groupsAt) < rows) {
      const limitBytes = kernel.memory.buffer.byteLength;
      const message = `the system gives no more than ${limitBytes} bytes for groups; lower --memory`;
      throw new EngineError("MEMORY_EXCEEDED", message, { limitBytes });
    }
    for (let sum = 0; sum < values.length; sum++) {
      new Float64Array(kernel.memory.buffer, valuesAt, rows).set(values[sum]!);
      kernel.add(part, sum, valuesAt, groupsAt, rows);
    }
  }

  /** Groups of a part. */
  size(part: number): number {
    return this.kernel.groupsOf(part);
  }

  /** Memory of a part, with the smaller blocks that it had before. */
  bytes(part: number): number {
    return 2 * (this.kernel.bytesOf(part) >>> 0);
  }

  /** Keys in the order of their coming, and their sums; none are left. */
  take(part: number): { readonly keys: Int32Array; readonly sums: readonly Float64Array[] } {
    const { kernel } = this;
    const groups = kernel.groupsOf(part);
    const { buffer } = kernel.memory;
    const taken = {
      keys: new Int32Array(buffer, kernel.keysAt(part) >>> 0, groups).slice(),
      sums: Array.from({ length: this.sumCount }, (_, sum) =>
        new Float64Array(buffer, kernel.sumsAt(part, sum) >>> 0, groups).slice(),
      ),
    };
    kernel.clear(part);
    return taken;
  }

  /** To be called once, after which nothing may be asked for. */
  close(): void {
    shelf.give(this.kernel);
  }
}
