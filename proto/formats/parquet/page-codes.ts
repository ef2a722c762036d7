// Codes of values into the dictionary of their column, as pages hold them: unpacked when they are wanted, all or some.

import type { CodesMemory } from "../../kernels/codes-memory.ts";
import {
  type CodesPart,
  type CodesProblem,
  type PackedCodes,
  readCodes,
  readValues,
  testCodes,
  testedWidthMax,
  type Values,
} from "../../kernels/dictionary-codes.ts";
import { batchRowsMax } from "../../limits.ts";
import { type ColumnArrays, ownArrays } from "./column-rooms.ts";
import { damagedThrift } from "./thrift-read.ts";

/** Codes that are looked up at the moment. */
let lent = new Int32Array(0);

function lentCodes(length: number): Int32Array {
  if (lent.length < length) lent = new Int32Array(Math.max(batchRowsMax, length));
  return lent.subarray(0, length);
}

/** Dictionaries of more values for each code are not worth to be taken along. */
const dictionaryShareMax = 6;

/** Throws INPUT_MALFORMED where the page turns out to be damaged. */
export class PageCodes {
  readonly length: number;
  /** Where all of them are read. */
  private readonly memory: CodesMemory;
  private readonly parts: readonly CodesPart[];

  private constructor(memory: CodesMemory, parts: readonly CodesPart[]) {
    this.memory = memory;
    this.parts = parts;
    this.length = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** Of a whole page. */
  static of(codes: PackedCodes, memory: CodesMemory): PageCodes {
    return new PageCodes(memory, [{ codes, from: 0, to: codes.values }]);
  }

  /** Of one column: these are read in one memory. */
  static join(all: readonly PageCodes[]): PageCodes {
    const joined: CodesPart[] = [];
    for (const { parts } of all) joined.push(...parts);
    return new PageCodes(all[0]!.memory, joined);
  }

  slice(from: number, to: number): PageCodes {
    const parts: CodesPart[] = [];
    let before = 0;
    for (const part of this.parts) {
      const shift = part.from - before;
      const first = Math.max(part.from, from + shift);
      const end = Math.min(part.to, to + shift);
      if (first < end) parts.push({ codes: part.codes, from: first, to: end });
      before += part.to - part.from;
    }
    return new PageCodes(this.memory, parts);
  }

  /** All, or those at rising places. */
  read(places?: Int32Array, arrays: ColumnArrays = ownArrays): Int32Array {
    return this.readInto(arrays.ints(places?.length ?? this.length), places);
  }

  /** As `read`: valid until it is called again for anything. */
  lend(places?: Int32Array): Int32Array {
    return this.readInto(lentCodes(places?.length ?? this.length), places);
  }

  private readInto(out: Int32Array, places: Int32Array | undefined): Int32Array {
    if (out.length > 0) this.check(readCodes(this.memory, this.parts, places, out));
    return out;
  }

  /** What the codes stand for, in `out`, if the dictionary is small enough for a kernel; false where it is not. */
  readValues(dictionary: Values, out: Values, places?: Int32Array): boolean {
    if (out.length === 0) return true;
    if (dictionary.length > dictionaryShareMax * out.length) return false;
    this.check(readValues(this.memory, this.parts, places, dictionary, out));
    return true;
  }

  /** Clears each byte of `wanted`, 0 or 1 for each code, of which the byte in `truths` is 0. */
  test(truths: Uint8Array, wanted: Uint8Array): void {
    if (this.parts.every(({ codes }) => codes.width <= testedWidthMax)) {
      this.check(testCodes(this.memory, this.parts, truths, wanted));
      return;
    }
    const codes = this.lend();
    for (let i = 0; i < wanted.length; i++) wanted[i] = wanted[i]! & truths[codes[i]!]!;
  }

  private check(problem: CodesProblem | undefined): void {
    switch (problem) {
      case undefined:
        return;
      case "ends early":
        throw damagedThrift(`pages of ${this.length} codes lack some of them`);
      case "outside the dictionary": {
        const { codesEnd } = this.parts[0]!.codes;
        throw damagedThrift(`a code lies outside a dictionary of ${codesEnd}`);
      }
    }
  }
}
