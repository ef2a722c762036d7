// Text files: one row per line.

import { readLines } from "./read-lines.ts";
import type { FileSource } from "./source.ts";

export const textSource: FileSource = {
  run: (split, world, sink) => readLines(split, world, (lines) => lines, sink),
};
