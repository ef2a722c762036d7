// CSV on one thread: bytes are scanned, numbers parsed in place, stations found by a hash of their bytes.

import { closeSync, openSync, readSync } from "node:fs";
import type { Baselines } from "../baseline-types.ts";

interface Station {
  readonly bytes: Buffer;
  least: number;
  most: number;
  sum: number;
  count: number;
}

const blockBytes = 4 * 1024 * 1024;
const semicolon = 59;
const lineFeed = 10;
const minus = 45;
const point = 46;

class Stations {
  readonly #slots: (Station | undefined)[] = new Array(1 << 14).fill(undefined);

  add(buffer: Buffer, start: number, end: number, hash: number, tenths: number): void {
    let slot = (hash ^ (hash >>> 13)) & (this.#slots.length - 1);
    for (;;) {
      const found = this.#slots[slot];
      if (found === undefined) {
        const bytes = Buffer.from(buffer.subarray(start, end));
        this.#slots[slot] = { bytes, least: tenths, most: tenths, sum: tenths, count: 1 };
        return;
      }
      if (isSame(found.bytes, buffer, start, end)) {
        if (tenths < found.least) found.least = tenths;
        if (tenths > found.most) found.most = tenths;
        found.sum += tenths;
        found.count++;
        return;
      }
      slot = (slot + 1) & (this.#slots.length - 1);
    }
  }

  rows(): unknown[] {
    return this.#slots
      .filter((station) => station !== undefined)
      .map(({ bytes, least, most, sum, count }) => {
        return [bytes.toString("utf8"), least / 10, sum / 10 / count, most / 10] as const;
      })
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }
}

function isSame(name: Buffer, buffer: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let at = 0; at < name.length; at++) if (name[at] !== buffer[start + at]) return false;
  return true;
}

/** Takes whole lines; answers where the first incomplete one begins. */
function addLines(stations: Stations, buffer: Buffer, end: number): number {
  let at = 0;
  for (;;) {
    const start = at;
    let hash = 0;
    while (at < end && buffer[at] !== semicolon) hash = Math.imul(hash, 31) + buffer[at++]!;
    const nameEnd = at++;
    const isNegative = buffer[at] === minus;
    if (isNegative) at++;
    let tenths = 0;
    while (at < end && buffer[at] !== lineFeed) {
      const byte = buffer[at++]!;
      if (byte !== point) tenths = tenths * 10 + (byte - 48);
    }
    if (at >= end) return start;
    at++;
    stations.add(buffer, start, nameEnd, hash, isNegative ? -tenths : tenths);
  }
}

function stations(input: string): unknown {
  const found = new Stations();
  const file = openSync(input, "r");
  const buffer = Buffer.allocUnsafe(2 * blockBytes);
  let kept = 0;
  let isHead = true;
  for (;;) {
    const read = readSync(file, buffer, kept, blockBytes, null);
    if (read === 0) break;
    let end = kept + read;
    if (isHead) {
      const head = buffer.indexOf(lineFeed) + 1;
      buffer.copyWithin(0, head, end);
      end -= head;
      isHead = false;
    }
    const rest = addLines(found, buffer, end);
    kept = end - rest;
    buffer.copyWithin(0, rest, end);
  }
  closeSync(file);
  return found.rows();
}

export const csvBaselines: Baselines = { stations: ({ input }) => stations(String(input)) };
