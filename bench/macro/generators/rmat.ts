// A graph with the skew of real ones: R-MAT (Chakrabarti, Zhan, Faloutsos 2004), as lines of two numbers.

import { closeSync, openSync, writeSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { randomStream } from "../../../proto/ports/random.ts";

/** Chances of the four quarters of the matrix of links: those of the Graph 500 benchmark. */
const quarters = [0.57, 0.19, 0.19, 0.05] as const;
const edgesPerWrite = 10_000;

export interface RmatOptions {
  /** There are 2^scale pages. */
  readonly scale: number;
  readonly edges: number;
  readonly seed: number;
}

/** Same seed, same bytes. */
export async function writeRmat(path: string, { scale, edges, seed }: RmatOptions): Promise<void> {
  const random = randomStream(seed);
  const bounds = [quarters[0], quarters[0] + quarters[1], 1 - quarters[3]].map((x) => x * 2 ** 32);
  const file = openSync(path, "w");
  let text = "";
  for (let edge = 1; edge <= edges; edge++) {
    let from = 0;
    let to = 0;
    for (let level = 0; level < scale; level++) {
      const draw = random.nextU32();
      const isLow = draw >= bounds[1]!;
      from = from * 2 + (isLow ? 1 : 0);
      to = to * 2 + (draw >= bounds[2]! || (!isLow && draw >= bounds[0]!) ? 1 : 0);
    }
    text += `${from}\t${to}\n`;
    if (edge % edgesPerWrite === 0 || edge === edges) {
      writeSync(file, text);
      text = "";
      // Ctrl-C must be heard meanwhile.
      await setImmediate();
    }
  }
  closeSync(file);
}
