// Writes pieces to a file, as many in one call as the system takes.

import { writevSync } from "node:fs";

/** Vectors in one system call: Linux takes no more. */
const vectorsMax = 1024;
/** Bytes of pieces that wait for one: they may be made for it alone. */
const waitingBytesMax = 4 * 1024 * 1024;

function writeSome(file: number, pieces: readonly Uint8Array[]): void {
  let left = pieces;
  while (left.length > 0) {
    let written = writevSync(file, left);
    let done = 0;
    while (done < left.length && written >= left[done]!.length) written -= left[done++]!.length;
    left = left.slice(done);
    if (written > 0) left = [left[0]!.subarray(written), ...left.slice(1)];
  }
}

export function writeAll(file: number, pieces: Iterable<Uint8Array>): void {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    if (piece.length === 0) continue;
    waiting.push(piece);
    bytes += piece.length;
    if (waiting.length < vectorsMax && bytes < waitingBytesMax) continue;
    writeSome(file, waiting);
    waiting = [];
    bytes = 0;
  }
  writeSome(file, waiting);
}
