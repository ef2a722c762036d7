// Reads sorted records back: how many, a checksum that order does not change, and whether they rise.

import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Rows } from "../../protocol/workload.ts";

const recordBytes = 100;
const recordsPerRead = 40_000;

interface State {
  records: number;
  checksum: number;
  rises: boolean;
  last: Buffer;
}

function take(state: State, block: Buffer): void {
  for (let at = 0; at < block.length; at += recordBytes) {
    let hash = 0x811c9dc5;
    // Four bytes at a time; the line feed is in the last word.
    for (let word = 0; word < recordBytes; word += 4) {
      hash = Math.imul(hash ^ block.readInt32LE(at + word), 0x01000193);
      hash ^= hash >>> 15;
    }
    state.checksum = (state.checksum + (hash >>> 0)) % 2 ** 52;
    const before = at === 0 ? state.last : block.subarray(at - recordBytes, at);
    const record = block.subarray(at, at + recordBytes);
    if (before.length > 0 && before.compare(record) > 0) state.rises = false;
    state.records++;
  }
  state.last = Buffer.from(block.subarray(block.length - recordBytes));
}

/** Files in the order of their names hold the records in order. */
export async function validated(folder: string): Promise<Rows> {
  const state: State = { records: 0, checksum: 0, rises: true, last: Buffer.alloc(0) };
  const buffer = Buffer.allocUnsafe(recordBytes * recordsPerRead);
  const names = readdirSync(folder).filter((name) => !/^[._]/.test(name));
  for (const name of names.sort()) {
    const file = openSync(join(folder, name), "r");
    for (;;) {
      const read = readSync(file, buffer, 0, buffer.length, null);
      if (read === 0) break;
      if (read % recordBytes !== 0) throw new Error(`${name} does not consist of records`);
      take(state, buffer.subarray(0, read));
    }
    closeSync(file);
  }
  return [[state.records, state.checksum, state.rises]];
}
