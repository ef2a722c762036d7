// The job on webs of a few pages whose ranks can be reckoned by hand.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import pageRank from "./job.ts";

interface Ranked {
  readonly page: string;
  readonly rank: number;
}

async function ranked(links: string, params: { damping?: number; roundsMax?: number } = {}) {
  const given = { input: "links", output: "out", ...params };
  const { result, outputs } = await testJob(pageRank, given, { files: { links } });
  return { ...result, ranks: outputs.out as readonly Ranked[] };
}

test("pages in a ring are worth the same, at once", async () => {
  const { ranks, rounds } = await ranked("a b\nb c\nc a\n");
  expect(ranks.map(({ page }) => page).sort()).toEqual(["a", "b", "c"]);
  for (const { rank } of ranks) expect(rank).toBeCloseTo(1 / 3, 9);
  expect(rounds).toBe(1);
});

test("who is linked to by many comes first; pages without links lose nothing", async () => {
  const { ranks, pages } = await ranked("a hub\nb hub\nc hub\nhub a\nhub leaf\n");
  expect(pages).toBe(5);
  expect(ranks[0]?.page).toBe("hub");
  expect(ranks.slice(3).map(({ page }) => page)).toEqual(["b", "c"]);
  expect(ranks.reduce((sum, { rank }) => sum + rank, 0)).toBeCloseTo(1, 9);
});

test("a sink takes half of what is damped, and the rest is spread", async () => {
  // With d = 0.5: x = (1 - d*x)/2 and y = x + d*x.
  const { ranks } = await ranked("x y\n", { damping: 0.5 });
  expect(ranks).toEqual([
    { page: "y", rank: expect.closeTo(0.6, 6) },
    { page: "x", rank: expect.closeTo(0.4, 6) },
  ]);
});

test("the number of rounds is bounded", async () => {
  const { rounds, change } = await ranked("x y\ny z\nz x\nx z\n", { roundsMax: 3 });
  expect(rounds).toBe(3);
  expect(change).toBeGreaterThan(1e-6);
});
