// The memory of a kernel that reads codes, with what it reads again and again lying there: pages, which are unpacked in
// place, and tables that are looked up by code. A row group holds one, so that neither is copied for each batch.

import { notReadAgain } from "../batch/given-back.ts";
import { assert, EngineError } from "../errors.ts";
import { heldCodesBytesMax } from "../limits/memory.ts";
import { wasmBase64 } from "./generated/dictionary-codes-wasm.ts";
import { KernelShelf } from "./kept-kernels.ts";

/** Addresses and numbers; what each means says the kernel's source. */
export interface CodesKernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(bytes: number): number;
  snappyUnpack(from: number, length: number, to: number, size: number): number;
  readCodes(
    from: number,
    length: number,
    width: number,
    values: number,
    skipped: number,
    to: number,
    count: number,
    codesEnd: number,
  ): number;
  pickCodes(
    from: number,
    length: number,
    width: number,
    values: number,
    places: number,
    shift: number,
    to: number,
    count: number,
    codesEnd: number,
  ): number;
  keepCodes(codes: number, places: number, count: number, shift: number): void;
  testCodes(
    from: number,
    length: number,
    width: number,
    values: number,
    skipped: number,
    wanted: number,
    count: number,
    truths: number,
  ): number;
  listPlaces(wanted: number, count: number, to: number): number;
  lookUp32(codes: number, count: number, dictionary: number, to: number): void;
  lookUp64(codes: number, count: number, dictionary: number, to: number): void;
}

/** The kernel loads and stores whole groups, of which the last may go this far beyond. */
const slackBytes = 64;
/** Above it sizes would wrap around. */
const addressMax = 2 ** 31;

const shelf = new KernelShelf<CodesKernel>(wasmBase64);

export const alignedBytes = (bytes: number): number => (bytes + slackBytes + 7) & ~7;

/** Bytes that lie in the memory, where it may have grown since: a view of them would have lost it. */
export interface HeldBytes {
  readonly at: number;
  readonly length: number;
}

/** What is looked up by code: whoever hands it over does not change it before `free`. */
export type CodesTable = Uint8Array | Int32Array | BigInt64Array | Float64Array;

export class CodesMemory {
  private kernel: CodesKernel | undefined;
  private isFree = false;
  /** Where what is held begins: fixed once there is a kernel. */
  private base = 0;
  private heldBytes = 0;
  private readonly tables = new Map<CodesTable, HeldBytes>();

  /** Runs of a kernel for this call alone; `sizes` are those of regions, one after the other behind what is held. */
  start(sizes: readonly number[]): Regions {
    let bytes = 0;
    for (const size of sizes) bytes += alignedBytes(size);
    const kernel = this.grown(bytes);
    return new Regions(kernel, this.base + this.heldBytes, sizes);
  }

  /** Address of room for so many bytes until `free`; undefined where as much is held as may be. */
  take(bytes: number): number | undefined {
    const wanted = alignedBytes(bytes);
    if (bytes > heldCodesBytesMax || this.heldBytes + wanted > heldCodesBytesMax) return undefined;
    this.grown(wanted);
    const at = this.base + this.heldBytes;
    this.heldBytes += wanted;
    return at;
  }

  /** What is held, as a view until anything here is called again. */
  view({ at, length }: HeldBytes): Uint8Array {
    this.check(at, length);
    return new Uint8Array(this.kernel!.memory.buffer, at, length);
  }

  /** Where bytes lie, if they are a view of what is held here. */
  heldOf(bytes: Uint8Array): HeldBytes | undefined {
    if (bytes.buffer !== this.kernel?.memory.buffer) return undefined;
    return { at: bytes.byteOffset, length: bytes.length };
  }

  /** The address of what is held. */
  addressOf({ at, length }: HeldBytes): number {
    this.check(at, length);
    return at;
  }

  /** As `view`, of a block that is unpacked at `at`, which has room; undefined where it is damaged. */
  unpackSnappy(packed: Uint8Array, size: number, at: number): Uint8Array | undefined {
    const regions = this.start([packed.length]);
    regions.bytes(0, packed.length).set(packed);
    const written = regions.kernel.snappyUnpack(regions.at[0]!, packed.length, at, size);
    return written === size ? this.view({ at, length: size }) : undefined;
  }

  /**
   * Address of a copy of the table, held from its first use on; what it lacks of `bytesMin` bytes is filled with `filler`.
   * Undefined where as much is held as may be.
   */
  keep(table: CodesTable, bytesMin = 0, filler = 0): number | undefined {
    const length = Math.max(table.byteLength, bytesMin);
    const known = this.tables.get(table);
    if (known !== undefined && known.length >= length) return known.at;
    const at = this.take(length);
    if (at === undefined) return undefined;
    const held = { at, length };
    fill(this.view(held), table, filler);
    this.tables.set(table, held);
    return at;
  }

  /** Nothing of what is held is used any more, nor this. */
  free(): void {
    if (this.kernel !== undefined) {
      notReadAgain(this.view({ at: this.base, length: this.heldBytes }));
      shelf.give(this.kernel);
    }
    this.kernel = undefined;
    this.isFree = true;
    this.tables.clear();
  }

  private check(at: number, length: number): void {
    const isWithin = at >= this.base && at + length <= this.base + this.heldBytes;
    assert(this.kernel !== undefined && isWithin, "bytes of a memory that was given back");
  }

  /** The kernel with room for so many bytes behind what is held. */
  private grown(bytes: number): CodesKernel {
    assert(!this.isFree, "a memory of codes was given back");
    this.kernel ??= shelf.take();
    const all = this.heldBytes + bytes;
    // Addresses come out of WebAssembly as signed numbers.
    const base = all > addressMax ? 0 : this.kernel.reserve(all) >>> 0;
    if (base === 0) {
      const message = `codes that take ${bytes} bytes are too large to be unpacked`;
      throw new EngineError("LIMIT_EXCEEDED", message);
    }
    this.base = base;
    return this.kernel;
  }
}

/** Regions of a kernel's memory, one after the other. */
export class Regions {
  readonly kernel: CodesKernel;
  /** Where each begins. */
  readonly at: readonly number[];

  constructor(kernel: CodesKernel, from: number, sizes: readonly number[]) {
    this.kernel = kernel;
    let next = from;
    this.at = sizes.map((bytes) => {
      const at = next;
      next += alignedBytes(bytes);
      return at;
    });
  }

  bytes(index: number, length: number): Uint8Array {
    return new Uint8Array(this.kernel.memory.buffer, this.at[index]!, length);
  }

  ints(index: number, length: number): Int32Array {
    return new Int32Array(this.kernel.memory.buffer, this.at[index]!, length);
  }

  /** Writes a table to a region of so many bytes; answers its address. */
  write(index: number, table: CodesTable, length: number, filler: number): number {
    fill(this.bytes(index, length), table, filler);
    return this.at[index]!;
  }
}

function fill(to: Uint8Array, table: CodesTable, filler: number): void {
  const { byteLength } = table;
  to.set(new Uint8Array(table.buffer, table.byteOffset, byteLength));
  if (byteLength < to.length) to.fill(filler, byteLength);
}
