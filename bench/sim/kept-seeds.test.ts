// The file of seeds that once failed: read with its comments, and each seed in it once.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keepSeed, parseSeeds, readSeeds } from "./kept-seeds.ts";

test("comments and empty lines are no seeds", () => {
  expect(parseSeeds("# all\n\n12 # why\n7\n")).toEqual([12, 7]);
});

test("a seed is kept once, with the first line of its reason", () => {
  const folder = mkdtempSync(join(tmpdir(), "seeds-"));
  try {
    const file = join(folder, "seeds.txt");
    expect(readSeeds(file)).toEqual([]);
    keepSeed(file, 5, "broken\nat line 3");
    keepSeed(file, 5, "broken again");
    expect(readFileSync(file, "utf8")).toBe("5 # broken\n");
    expect(readSeeds(file)).toEqual([5]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
