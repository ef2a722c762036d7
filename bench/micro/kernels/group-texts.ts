// Sums of ten million doubles by a hundred thousand texts of a dozen bytes.

import { textColumn } from "../../../proto/batch/column.ts";
import { batchRowsMax } from "../../../proto/limits.ts";
import { groupAnswer, groupMemory, groupQuery, groupSteps } from "./group-few-keys.ts";
import { type Kernel, nextRandom, sharedInts } from "./kernel.ts";

const textOf = (number: number) => `id${String(number).padStart(10, "0")}`;
const textBytes = 12;

export const kernelOf = (rows: number): Kernel => ({
  aim: 25,
  make: (threads) => {
    const picks = Int32Array.from({ length: rows }, () => nextRandom() % Math.ceil(rows / 100));
    const bytes = new SharedArrayBuffer(rows * textBytes);
    const all = new Uint8Array(bytes);
    const texts = Array.from({ length: Math.ceil(rows / 100) }, (_, pick) =>
      new TextEncoder().encode(textOf(pick)),
    );
    for (let i = 0; i < rows; i++) all.set(texts[picks[i]!]!, i * textBytes);
    return { bytes, picks: sharedInts(picks), ...groupMemory(rows, threads, textBytes + 4) };
  },
  steps: (shared, thread, threads) => {
    const bytes = new Uint8Array(shared.bytes!);
    // All are of one length: one array of offsets does for all batches.
    const offsets = Int32Array.from({ length: batchRowsMax + 1 }, (_, i) => i * textBytes);
    const keys = (start: number, end: number) => {
      const own = offsets.subarray(0, end - start + 1);
      return textColumn("k", own, bytes.subarray(start * textBytes, end * textBytes));
    };
    return groupSteps(shared, rows, thread, threads, keys);
  },
  answer: groupAnswer,
  plain: (shared) => {
    const v = new Float64Array(shared.v!);
    return v.reduce((sum, own) => sum + own, 0) + new Set(new Int32Array(shared.picks!)).size;
  },
  duck: {
    tables: [
      {
        name: "numbered",
        columns: [
          { name: "k", type: "int32", from: "picks" },
          { name: "v", type: "float64", from: "v" },
        ],
      },
    ],
    prepare: "create table t as select 'id' || lpad(k::varchar, 10, '0') as k, v from numbered",
    query: groupQuery,
  },
});
