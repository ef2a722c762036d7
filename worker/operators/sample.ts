// sample: each row with the same chance, decided by a hash, so that every attempt takes the same rows.

import { gatherBatch } from "../kernels/columns/gather.ts";
import { twoTo32 } from "../kernels/columns/words.ts";
import { columnStage, type Stage } from "./stage.ts";

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** 32 bits for a row of a task: hashes of seed, task and row number, one over the other. */
function chanceOf(start: number, row: number): number {
  const low = mix(start ^ (row >>> 0));
  return mix(low ^ Math.floor(row / twoTo32) ^ 0x9e3779b1) >>> 0;
}

export function sampleStage(fraction: number, seed: number, task: number, next: Stage): Stage {
  const start = mix(mix(seed | 0) ^ Math.floor(seed / twoTo32) ^ Math.imul(task + 1, 0x9e3779b1));
  const below = fraction * twoTo32;
  let base = 0;
  return columnStage(next, (batch) => {
    const rows = new Int32Array(batch.rows);
    let count = 0;
    for (let i = 0; i < batch.rows; i++) {
      if (chanceOf(start, base + i) < below) rows[count++] = i;
    }
    base += batch.rows;
    if (count === batch.rows) next.pushBatch(batch);
    else if (count > 0) next.pushBatch(gatherBatch(batch, rows.subarray(0, count)));
  });
}
