// The sort of records on one thread: eight bytes of the key and the record's place as one sortable double each.

import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Baselines } from "../baseline-types.ts";

const recordBytes = 100;

/** Records with equal first six bytes are few; they are ordered by the whole record afterwards. */
function orderOf(bytes: Buffer): Uint32Array {
  const records = bytes.length / recordBytes;
  const prefixes = new Float64Array(records);
  for (let record = 0; record < records; record++) {
    prefixes[record] = bytes.readUIntBE(record * recordBytes, 6);
  }
  const places = new Uint32Array(records);
  for (let record = 0; record < records; record++) places[record] = record;
  // Radix sort by three digits of 16 bits, the lowest first.
  let from = places;
  let to = new Uint32Array(records);
  for (const unit of [1, 2 ** 16, 2 ** 32]) {
    const starts = new Uint32Array(65_537);
    const digitOf = (place: number): number => Math.floor(prefixes[place]! / unit) & 0xffff;
    for (let at = 0; at < records; at++) starts[digitOf(from[at]!) + 1]!++;
    for (let digit = 0; digit < 65_536; digit++) starts[digit + 1]! += starts[digit]!;
    for (let at = 0; at < records; at++) {
      const place = from[at]!;
      const digit = digitOf(place);
      to[starts[digit]!] = place;
      starts[digit]!++;
    }
    [from, to] = [to, from];
  }
  sortTies(from, prefixes, bytes);
  return from;
}

function sortTies(places: Uint32Array, prefixes: Float64Array, bytes: Buffer): void {
  const keyOf = (place: number): Buffer =>
    bytes.subarray(place * recordBytes, (place + 1) * recordBytes);
  for (let start = 0; start < places.length; ) {
    let end = start + 1;
    while (end < places.length && prefixes[places[end]!] === prefixes[places[start]!]) end++;
    if (end - start > 1) {
      places.subarray(start, end).sort((a, b) => keyOf(a).compare(keyOf(b)));
    }
    start = end;
  }
}

const recordsPerWrite = 40_000;

function sort(input: string, output: string): void {
  const bytes = readFileSync(input);
  if (bytes.length % recordBytes !== 0) throw new Error(`${input} does not consist of records`);
  const order = orderOf(bytes);
  mkdirSync(output, { recursive: true });
  const file = openSync(join(output, "sorted.txt"), "w");
  const buffer = Buffer.allocUnsafe(recordBytes * recordsPerWrite);
  for (let from = 0; from < order.length; from += recordsPerWrite) {
    const to = Math.min(order.length, from + recordsPerWrite);
    for (let at = from; at < to; at++) {
      const start = order[at]! * recordBytes;
      bytes.copy(buffer, (at - from) * recordBytes, start, start + recordBytes);
    }
    writeSync(file, buffer, 0, (to - from) * recordBytes);
  }
  closeSync(file);
}

export const teraSortBaselines: Baselines = {
  sort: ({ input }, output) => sort(String(input), output),
};
