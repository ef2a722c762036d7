// Word count on one thread: the bytes of words in an open-addressing table, and plain functions with a Map.

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Baselines } from "../baseline-types.ts";

type Count = readonly [word: string, count: number];

function writeSorted(counts: readonly Count[], output: string): void {
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : a > b ? 1 : 0));
  mkdirSync(output, { recursive: true });
  const lines = sorted.map(([word, count]) => `${JSON.stringify({ word, count })}\n`);
  writeFileSync(join(output, "words.ndjson"), lines.join(""));
}

/** Words by their bytes: none becomes a string before it is counted. */
class ByteCounter {
  #mask = (1 << 16) - 1;
  #words = 0;
  #heap = Buffer.allocUnsafe(1 << 20);
  #heapUsed = 0;
  #hashes = new Int32Array(1 << 16);
  #starts = new Int32Array(1 << 16);
  #lengths = new Int32Array(1 << 16);
  #counts = new Float64Array(1 << 16);

  add(bytes: Buffer, start: number, end: number, hash: number): void {
    let slot = hash & this.#mask;
    const length = end - start;
    for (;;) {
      if (this.#counts[slot] === 0) break;
      if (this.#hashes[slot] === hash && this.#lengths[slot] === length) {
        const at = this.#starts[slot]!;
        let same = 0;
        while (same < length && this.#heap[at + same] === bytes[start + same]) same++;
        if (same === length) {
          this.#counts[slot]!++;
          return;
        }
      }
      slot = (slot + 1) & this.#mask;
    }
    this.#insert(slot, bytes, start, length, hash);
  }

  #insert(slot: number, bytes: Buffer, start: number, length: number, hash: number): void {
    if (this.#heapUsed + length > this.#heap.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#heap.length * 2, this.#heapUsed + length));
      this.#heap.copy(larger);
      this.#heap = larger;
    }
    bytes.copy(this.#heap, this.#heapUsed, start, start + length);
    this.#hashes[slot] = hash;
    this.#starts[slot] = this.#heapUsed;
    this.#lengths[slot] = length;
    this.#counts[slot] = 1;
    this.#heapUsed += length;
    this.#words++;
    if (this.#words * 2 > this.#mask) this.#grow();
  }

  #grow(): void {
    const slots = (this.#mask + 1) * 2;
    const [hashes, starts, lengths, counts] = [
      this.#hashes,
      this.#starts,
      this.#lengths,
      this.#counts,
    ];
    this.#mask = slots - 1;
    this.#hashes = new Int32Array(slots);
    this.#starts = new Int32Array(slots);
    this.#lengths = new Int32Array(slots);
    this.#counts = new Float64Array(slots);
    for (let old = 0; old < counts.length; old++) {
      if (counts[old] === 0) continue;
      let slot = hashes[old]! & this.#mask;
      while (this.#counts[slot] !== 0) slot = (slot + 1) & this.#mask;
      this.#hashes[slot] = hashes[old]!;
      this.#starts[slot] = starts[old]!;
      this.#lengths[slot] = lengths[old]!;
      this.#counts[slot] = counts[old]!;
    }
  }

  counts(): Count[] {
    const found: Count[] = [];
    for (let slot = 0; slot <= this.#mask; slot++) {
      const count = this.#counts[slot]!;
      const start = this.#starts[slot]!;
      if (count > 0) {
        found.push([this.#heap.toString("utf8", start, start + this.#lengths[slot]!), count]);
      }
    }
    return found;
  }
}

const blockBytes = 4 * 1024 * 1024;
const space = 32;
const lineFeed = 10;

function countBytes(input: string): readonly Count[] {
  const counter = new ByteCounter();
  addWords(counter, input);
  return counter.counts();
}

/** Splits at spaces and line ends; the last word of a block waits for the next one. */
function addWords(counter: ByteCounter, input: string): void {
  const file = openSync(input, "r");
  const buffer = Buffer.allocUnsafe(2 * blockBytes);
  let kept = 0;
  for (;;) {
    const read = readSync(file, buffer, kept, blockBytes, null);
    const end = kept + read;
    let start = 0;
    let hash = 0;
    for (let at = 0; at < end; at++) {
      const byte = buffer[at]!;
      if (byte !== space && byte !== lineFeed) {
        hash = Math.imul(hash ^ byte, 0x01000193);
        continue;
      }
      counter.add(buffer, start, at, hash ^ (hash >>> 15));
      start = at + 1;
      hash = 0;
    }
    kept = end - start;
    buffer.copyWithin(0, start, end);
    if (read === 0) break;
  }
  closeSync(file);
}

/** How many different words there are in all files of a folder, and how many words. */
function countWords(input: string): readonly number[] {
  const counter = new ByteCounter();
  for (const name of readdirSync(dirname(input)).sort())
    addWords(counter, join(dirname(input), name));
  const counts = counter.counts();
  return [counts.length, counts.reduce((sum, [, count]) => sum + count, 0)];
}

/** `input`: all files of a folder, as `folder/*.txt`. */
function countBy(input: string, wordsOf: (line: string) => readonly string[]): readonly Count[] {
  const counts = new Map<string, number>();
  for (const name of readdirSync(dirname(input))) {
    for (const line of readFileSync(join(dirname(input), name), "utf8").split("\n")) {
      for (const word of wordsOf(line)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return [...counts];
}

/** In blocks, since a string cannot hold a large file. */
function countLines(input: string): readonly Count[] {
  const counts = new Map<string, number>();
  const file = openSync(input, "r");
  const block = Buffer.allocUnsafe(blockBytes);
  let rest = "";
  for (;;) {
    const bytes = readSync(file, block, 0, block.length, null);
    if (bytes === 0) break;
    const lines = (rest + block.toString("latin1", 0, bytes)).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      for (const word of line.split(" ")) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  closeSync(file);
  return [...counts];
}

const realWords = (line: string): readonly string[] => line.toLowerCase().match(/\p{L}+/gu) ?? [];

export const wordCountBaselines = {
  words: ({ input }) => [countWords(String(input))],
  expressions: ({ input }, output) => writeSorted(countBytes(String(input)), output),
  closure: ({ input }, output) => writeSorted(countLines(String(input)), output),
  real: ({ input }, output) => writeSorted(countBy(String(input), realWords), output),
  real_closure: ({ input }, output) => writeSorted(countBy(String(input), realWords), output),
} satisfies Baselines;
