// Synthetic text: lines of ten words drawn by Zipf's law from made-up words. Same seed, same bytes.

import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type RandomStream, randomStream } from "../../../proto/ports/random.ts";

export interface ZipfTextOptions {
  readonly bytes: number;
  readonly distinctWords: number;
  readonly seed: number;
}

const wordsPerLine = 10;
/** Draws are looked up in a table of this many equally likely entries. */
const drawTableEntries = 1 << 22;

function makeWords(count: number, random: RandomStream): Uint8Array[] {
  const seen = new Set<string>();
  const words: Uint8Array[] = [];
  while (words.length < count) {
    // Frequent words are short, as in real text.
    const rank = words.length;
    const shortest = rank < 100 ? 2 : rank < 5000 ? 4 : 6;
    const length = shortest + random.below(rank < 100 ? 3 : 6);
    let word = "";
    for (let i = 0; i < length; i++) word += String.fromCharCode(97 + random.below(26));
    if (seen.has(word)) continue;
    seen.add(word);
    words.push(Buffer.from(`${word} `, "latin1"));
  }
  return words;
}

function makeDrawTable(count: number): Uint32Array {
  let total = 0;
  for (let rank = 1; rank <= count; rank++) total += 1 / rank;
  const table = new Uint32Array(drawTableEntries);
  let rank = 0;
  let reached = 1 / total;
  for (let i = 0; i < table.length; i++) {
    while ((i + 0.5) / table.length > reached && rank < count - 1) {
      rank++;
      reached += 1 / (rank + 1) / total;
    }
    table[i] = rank;
  }
  return table;
}

/**
 * Writes the text to `path`, unless a file of that size is there already.
 * The rarest words share table entries, so slightly fewer than `distinctWords` words occur.
 */
export async function writeZipfText(path: string, options: ZipfTextOptions): Promise<void> {
  if (existsSync(path) && statSync(path).size === options.bytes) return;
  mkdirSync(dirname(path), { recursive: true });
  const random = randomStream(options.seed);
  const words = makeWords(options.distinctWords, random.child("words"));
  const table = makeDrawTable(options.distinctWords);
  const draws = random.child("draws");
  const buffer = Buffer.allocUnsafe(4 * 1024 * 1024);
  const file = openSync(`${path}.partial`, "w");
  let written = 0;
  let used = 0;
  let wordsInLine = 0;
  const flush = (): void => {
    const take = Math.min(used, options.bytes - written);
    if (written + take === options.bytes) {
      // The last line ends with a newline whatever the size asked for, and after a letter: no word is empty.
      buffer[take - 1] = 10;
      const before = buffer[take - 2];
      if (before === 10 || before === 32) buffer[take - 2] = 97;
    }
    writeSync(file, buffer, 0, take);
    written += take;
    used = 0;
  };
  while (written < options.bytes) {
    const word = words[table[draws.nextU32() & (drawTableEntries - 1)]!]!;
    if (used + word.length > buffer.length) {
      flush();
      // It takes seconds: Ctrl-C must be heard meanwhile.
      await setImmediate();
    }
    buffer.set(word, used);
    used += word.length;
    if (++wordsInLine === wordsPerLine) {
      buffer[used - 1] = 10;
      wordsInLine = 0;
    }
    if (written + used >= options.bytes) flush();
  }
  closeSync(file);
  renameSync(`${path}.partial`, path);
}
