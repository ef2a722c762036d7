// Writes pieces to a file, as many in one call as the system takes.

import { writevSync } from "node:fs";

/** Vectors in one system call: Linux takes no more. */
const vectorsMax = 1024;

export function writeAll(file: number, pieces: readonly Uint8Array[]): void {
  for (let from = 0; from < pieces.length; from += vectorsMax) {
    let left = pieces.slice(from, from + vectorsMax).filter((piece) => piece.length > 0);
    while (left.length > 0) {
      let written = writevSync(file, left);
      while (left.length > 0 && written >= left[0]!.length) {
        written -= left[0]!.length;
        left = left.slice(1);
      }
      if (written > 0) left = [left[0]!.subarray(written), ...left.slice(1)];
    }
  }
}
