// Values of any kind as bytes whose order is theirs: as `compareValues` has it, so that rows by functions are sorted as
// columns of bytes are, and spill like these. (The tuples of FoundationDB are written in this way.)

import type { TextColumn } from "../../../proto/batch/column.ts";
import { compareStrings, presentKeys, rankOf, ranks } from "../order.ts";

/** A value begins with its rank and one: less than any is where a list of them ends. */
const endOfList = 0;
/** Bytes and texts end with a zero; one within them is followed by this, which begins no value. */
const zero = 0;
const zeroWithin = 0xff;

const encoder = new TextEncoder();
const number = new DataView(new ArrayBuffer(8));

export class KeyBytes {
  private bytes = new Uint8Array(4096);
  private end = 0;
  private offsets: number[] = [0];

  add(value: unknown): void {
    this.put(value);
    this.offsets.push(this.end);
  }

  /** A column of all that was added; nothing is left. */
  take(name: string): TextColumn {
    const offsets = Int32Array.from(this.offsets);
    const values = this.bytes.slice(0, this.end);
    this.end = 0;
    this.offsets = [0];
    const base = { name, length: offsets.length - 1, nulls: "null", validity: undefined } as const;
    return { ...base, type: "binary", offsets, values };
  }

  private reserve(count: number): void {
    if (this.end + count <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(2 * this.bytes.length, this.end + count));
    bytes.set(this.bytes.subarray(0, this.end));
    this.bytes = bytes;
  }

  private byte(value: number): void {
    this.reserve(1);
    this.bytes[this.end++] = value;
  }

  private put(value: unknown): void {
    const rank = rankOf(value);
    this.byte(rank + 1);
    switch (rank) {
      case ranks.boolean:
        return this.byte(value === true ? 1 : 0);
      case ranks.number:
        return this.putNumber(value as number);
      case ranks.bigint:
        return this.putBigint(value as bigint);
      case ranks.date:
        return this.putNumber((value as Date).getTime());
      case ranks.string:
        return this.putBytes(encoder.encode(value as string));
      case ranks.bytes:
        return this.putBytes(value as Uint8Array);
      case ranks.array:
        return this.putList(value as readonly unknown[]);
      case ranks.record:
        return this.putRecord(value as Record<string, unknown>);
      default:
        // Null and undefined are each a rank of their own.
        return;
    }
  }

  /** Upwards from the largest negative one; NaN comes after all others, and there is one zero. */
  private putNumber(value: number): void {
    number.setFloat64(0, value === 0 ? 0 : value);
    const isNegative = value < 0;
    this.reserve(8);
    for (let at = 0; at < 8; at++) {
      const byte = number.getUint8(at);
      this.bytes[this.end++] = isNegative ? byte ^ 0xff : at === 0 ? byte ^ 0x80 : byte;
    }
  }

  /** Its sign, how long it is, and what it is; the latter two turned around where it is negative. */
  private putBigint(value: bigint): void {
    const isNegative = value < 0n;
    const digits = (isNegative ? -value : value).toString(16);
    const whole = digits.length % 2 === 0 ? digits : `0${digits}`;
    const length = whole.length / 2;
    const turned = isNegative ? 0xff : 0;
    this.byte(isNegative ? 0 : 1);
    for (let shift = 24; shift >= 0; shift -= 8) this.byte(((length >>> shift) & 0xff) ^ turned);
    for (let at = 0; at < whole.length; at += 2) {
      this.byte(Number.parseInt(whole.slice(at, at + 2), 16) ^ turned);
    }
  }

  private putBytes(bytes: Uint8Array): void {
    this.reserve(2 * bytes.length + 1);
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      this.bytes[this.end++] = byte;
      if (byte === zero) this.bytes[this.end++] = zeroWithin;
    }
    this.bytes[this.end++] = zero;
  }

  private putList(values: readonly unknown[]): void {
    for (let at = 0; at < values.length; at++) this.put(values[at]);
    this.byte(endOfList);
  }

  /** Names first: records are in order of these before that of any value. */
  private putRecord(record: Record<string, unknown>): void {
    const names = [...presentKeys(record)].sort(compareStrings);
    this.putList(names);
    for (const name of names) this.put(record[name]);
  }
}
