// Reads Thrift's compact protocol, in which Parquet stores its footer and page headers.

import { EngineError } from "../../errors.ts";

/** A struct by field id; absent fields are undefined. Integers are numbers, as none of Parquet's is larger. */
export type ThriftStruct = readonly ThriftValue[];
export type ThriftValue =
  | undefined
  | boolean
  | number
  | Uint8Array
  | readonly ThriftValue[]
  | ThriftStruct;

const structsDeepMax = 32;

export function damagedThrift(what: string): EngineError {
  return new EngineError("INPUT_MALFORMED", `its metadata is damaged: ${what}`);
}

/** Reads one struct after the other from bytes. */
export class ThriftReader {
  at: number;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  private byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw damagedThrift(`it ends early, at byte ${this.at - 1}`);
    return byte;
  }

  /** Unsigned; exact below 2^53. */
  private varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 10; length++) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw damagedThrift("a number of more than 10 bytes");
  }

  private integer(): number {
    const zigzag = this.varint();
    return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
  }

  /** Passes bytes with their length before them; answers where they begin. */
  private passBinary(): number {
    const length = this.varint();
    const start = this.at;
    this.at += length;
    if (this.at > this.bytes.length) throw damagedThrift(`a text of ${length} bytes`);
    return start;
  }

  private binary(): Uint8Array {
    const start = this.passBinary();
    return this.bytes.subarray(start, this.at);
  }

  private double(): number {
    const start = this.at;
    this.at += 8;
    if (this.at > this.bytes.length) throw damagedThrift(`it ends early, at byte ${start}`);
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + start, 8);
    return view.getFloat64(0, true);
  }

  private list(depth: number): readonly ThriftValue[] {
    const head = this.byte();
    const size = head >> 4 === 15 ? this.varint() : head >> 4;
    if (size > this.bytes.length) throw damagedThrift(`a list of ${size} items`);
    const type = head & 15;
    const items: ThriftValue[] = [];
    for (let i = 0; i < size; i++) {
      // Items that are booleans take a byte, unlike fields, whose type says the value.
      items.push(type <= 2 ? this.byte() === 1 : this.value(type, depth));
    }
    return items;
  }

  private value(type: number, depth: number): ThriftValue {
    switch (type) {
      case 1:
        return true;
      case 2:
        return false;
      case 3:
        return (this.byte() << 24) >> 24;
      case 4:
      case 5:
      case 6:
        return this.integer();
      case 7:
        return this.double();
      case 8:
        return this.binary();
      case 9:
      case 10:
        return this.list(depth);
      case 12:
        return this.struct(depth + 1);
      default:
        throw damagedThrift(`an unknown type ${type}`);
    }
  }

  struct(depth = 0): ThriftStruct {
    if (depth > structsDeepMax) throw damagedThrift("structs nested too deep");
    const fields: ThriftValue[] = [];
    for (let id = 0; ; ) {
      const head = this.byte();
      if (head === 0) return fields;
      id = this.fieldId(head, id);
      fields[id] = this.value(head & 15, depth);
    }
  }

  private fieldId(head: number, before: number): number {
    const id = head >> 4 === 0 ? this.integer() : before + (head >> 4);
    if (id < 0 || id > 1000) throw damagedThrift(`a field with the id ${id}`);
    return id;
  }

  /**
   * A struct whose fields are numbers, by id: 1 and 0 for booleans, NaN where there is none. Structs within are passed, and
   * where they begin is in `places`. Other fields, and those behind the arrays' ends, are left out.
   */
  numbers(numbers: Float64Array, places: Float64Array): void {
    numbers.fill(Number.NaN);
    places.fill(Number.NaN);
    for (let id = 0; ; ) {
      const head = this.byte();
      if (head === 0) return;
      id = this.fieldId(head, id);
      const type = head & 15;
      if (type === 12) places[id] = this.at;
      if (type <= 2) numbers[id] = type === 1 ? 1 : 0;
      if (type >= 4 && type <= 6) numbers[id] = this.integer();
      else this.pass(type, 0);
    }
  }

  private pass(type: number, depth: number): void {
    if (depth > structsDeepMax) throw damagedThrift("structs nested too deep");
    if (type === 8) this.passBinary();
    else if (type !== 12) this.value(type, depth);
    if (type !== 12) return;
    for (let id = 0; ; ) {
      const head = this.byte();
      if (head === 0) return;
      id = this.fieldId(head, id);
      this.pass(head & 15, depth + 1);
    }
  }
}

export function asNumber(value: ThriftValue, what: string): number {
  if (typeof value === "number") return value;
  throw damagedThrift(`${what} is missing`);
}

export function asNumberOr(value: ThriftValue, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

export function asBytes(value: ThriftValue): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

export function asText(value: ThriftValue, what: string): string {
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  throw damagedThrift(`${what} is missing`);
}

/** The items of a list, or the fields of a struct; undefined where there is none. */
export function asFields(value: ThriftValue): ThriftStruct | undefined {
  return Array.isArray(value) ? (value as ThriftStruct) : undefined;
}

export function asList(value: ThriftValue, what: string): readonly ThriftValue[] {
  if (Array.isArray(value)) return value as readonly ThriftValue[];
  throw damagedThrift(`${what} is missing`);
}
