// Seeds that once failed: kept for ever, and run in every test.

import { appendFileSync, existsSync, readFileSync } from "node:fs";

export function parseSeeds(text: string): readonly number[] {
  return text
    .split("\n")
    .map((line) => line.replace(/#.*/, "").trim())
    .filter((line) => line !== "")
    .map(Number);
}

export function readSeeds(file: string | URL): readonly number[] {
  return existsSync(file) ? parseSeeds(readFileSync(file, "utf8")) : [];
}

export function keepSeed(file: string, seed: number, why: string): void {
  if (readSeeds(file).includes(seed)) return;
  appendFileSync(file, `${seed} # ${why.split("\n")[0]}\n`);
}
