// Where the fields of CSV records without quotes lie in a block, and their values column by column, by a WebAssembly kernel.

import { EngineError } from "../errors.ts";
import { wasmBase64 } from "./generated/csv-fields-wasm.ts";
import { KernelShelf } from "./kept-kernels.ts";

interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  reserve(bytes: number): number;
  cut(
    block: number,
    from: number,
    end: number,
    stop: number,
    delimiter: number,
    fields: number,
    recordsMax: number,
    places: number,
  ): number;
  stoppedAt(block: number): number;
  emptyFields(): number;
  floats: ReadValues;
  wholes: ReadValues;
  texts: ReadValues;
}

type ReadValues = (
  block: number,
  places: number,
  stride: number,
  count: number,
  out: number,
  more: number,
) => number;

/** The kernel reads and writes 16 bytes at a time, and may go this far beyond. */
const slackBytes = 64;
/** Above it sizes would wrap around. */
const addressMax = 2 ** 31;
/** Two numbers for each field. */
const placeBytes = 8;
/** Of places that are found at a time: with the values of a column they stay in a cache. */
const placesBytes = 256 * 1024;
const recordsAtOnceMax = 4096;

const shelf = new KernelShelf<Kernel>(wasmBase64);

/** Values of a column, which are views until the next are read. */
export interface FieldValues<Values> {
  /** How many were read: behind them is one that has to be read in another way. */
  readonly count: number;
  readonly values: Values;
  /** 1 for each field that is not empty; undefined where none is empty. */
  readonly valid: Uint8Array | undefined;
}

export interface FieldTexts {
  /** One more than texts, beginning with 0. */
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
  readonly hasEmpty: boolean;
}

/** How a block is cut. */
export interface FieldLayout {
  readonly delimiter: number;
  /** Of each record. */
  readonly fields: number;
}

/** The fields of a block, piece by piece. */
export class CsvFields {
  private readonly kernel: Kernel;
  private readonly layout: FieldLayout;
  private readonly block: number;
  private readonly end: number;
  private readonly placesAt: number;
  private readonly moreAt: number;
  private readonly valuesAt: number;
  private readonly recordsMax: number;
  /** Begin and end of each field of the records that were found last, in the block. A view. */
  places = new Uint32Array(0);
  /** Where the next record begins. */
  next = 0;

  private constructor(kernel: Kernel, from: number, bytes: number, layout: FieldLayout) {
    this.kernel = kernel;
    this.layout = layout;
    this.block = from;
    this.end = from + bytes;
    this.placesAt = aligned(this.end + slackBytes);
    this.moreAt = this.placesAt + placesBytes;
    this.valuesAt = this.moreAt + 4 * (recordsAtOnceMax + 2);
    const records = Math.floor(placesBytes / (placeBytes * layout.fields));
    this.recordsMax = Math.min(recordsAtOnceMax, records);
  }

  /** Takes a block, until closed. */
  static open(bytes: Uint8Array, layout: FieldLayout): CsvFields {
    const kernel = shelf.take();
    const valuesBytes = Math.max(bytes.length, 8 * recordsAtOnceMax);
    const needed = bytes.length + placesBytes + 4 * recordsAtOnceMax + valuesBytes + 4 * slackBytes;
    // Addresses come out of WebAssembly as signed numbers.
    const from = needed > addressMax ? 0 : kernel.reserve(needed) >>> 0;
    if (from === 0) {
      const message = `a block of ${bytes.length} bytes of CSV is too large to be read`;
      throw new EngineError("LIMIT_EXCEEDED", message);
    }
    new Uint8Array(kernel.memory.buffer, from, bytes.length).set(bytes);
    return new CsvFields(kernel, from, bytes.length, layout);
  }

  /** To be called once, after which nothing may be asked for. */
  close(): void {
    shelf.give(this.kernel);
  }

  /** Finds records from `from` on that begin before `stop`; answers how many, of which there are at most `recordsMax`. */
  cut(from: number, stop: number, recordsMax: number): number {
    const { kernel, block, end, placesAt } = this;
    const { delimiter, fields } = this.layout;
    const most = Math.min(recordsMax, this.recordsMax);
    const stopAt = Math.min(block + stop, end);
    const records =
      most === 0
        ? 0
        : kernel.cut(block, block + from, end, stopAt, delimiter, fields, most, placesAt);
    this.next = records === 0 ? from : kernel.stoppedAt(block);
    this.places = new Uint32Array(kernel.memory.buffer, placesAt, 2 * fields * records);
    return records;
  }

  private read(by: ReadValues, field: number, from: number, count: number, out: number): number {
    const stride = placeBytes * this.layout.fields;
    const places = this.placesAt + from * stride + placeBytes * field;
    const more = out === this.valuesAt ? this.moreAt : this.valuesAt;
    return by(this.block, places, stride, count, out, more);
  }

  private valid(count: number): Uint8Array | undefined {
    const isFull = this.kernel.emptyFields() === 0;
    return isFull ? undefined : new Uint8Array(this.kernel.memory.buffer, this.moreAt, count);
  }

  /** A field of `count` records from the one at `from` on, as `kernel.floats` says. */
  floats(field: number, from: number, count: number): FieldValues<Float64Array> {
    const read = this.read(this.kernel.floats, field, from, count, this.valuesAt);
    const values = new Float64Array(this.kernel.memory.buffer, this.valuesAt, read);
    return { count: read, values, valid: this.valid(read) };
  }

  wholes(field: number, from: number, count: number): FieldValues<BigInt64Array> {
    const read = this.read(this.kernel.wholes, field, from, count, this.valuesAt);
    const values = new BigInt64Array(this.kernel.memory.buffer, this.valuesAt, read);
    return { count: read, values, valid: this.valid(read) };
  }

  texts(field: number, from: number, count: number): FieldTexts {
    const bytes = this.read(this.kernel.texts, field, from, count, this.moreAt);
    const { buffer } = this.kernel.memory;
    return {
      offsets: new Int32Array(buffer, this.moreAt, count + 1),
      values: new Uint8Array(buffer, this.valuesAt, bytes),
      hasEmpty: this.kernel.emptyFields() > 0,
    };
  }
}

function aligned(place: number): number {
  return Math.ceil(place / 16) * 16;
}
