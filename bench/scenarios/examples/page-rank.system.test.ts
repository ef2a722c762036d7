// page-rank on an embedded cluster, against power iteration over a dense matrix.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { outputRows, runExample } from "../testing/example-job.ts";
import { scratchFolder } from "../testing/folders.ts";

const folder = scratchFolder("page-rank");
const seed = 1998;
const pageCount = 120;

/** Low numbers are linked to more often; some pages link nowhere. */
const linkShape = fc.tuple(
  fc.nat({ max: pageCount - 21 }),
  fc
    .tuple(fc.nat({ max: pageCount - 1 }), fc.nat({ max: pageCount - 1 }))
    .map(([a, b]) => Math.min(a, b)),
);

function plainRanks(links: readonly (readonly [number, number])[], damping: number): number[] {
  const present = new Set(links.flat());
  const size = present.size;
  const degree = Array.from({ length: pageCount }, () => 0);
  for (const [from] of links) degree[from]!++;
  let ranks = degree.map((_, page) => (present.has(page) ? 1 / size : 0));
  for (let round = 0; round < 200; round++) {
    const lost = ranks.reduce((sum, rank, page) => (degree[page] === 0 ? sum + rank : sum), 0);
    const base = (1 - damping) / size + (damping * lost) / size;
    const next = ranks.map((_, page) => (present.has(page) ? base : 0));
    for (const [from, to] of links) next[to]! += (damping * ranks[from]!) / degree[from]!;
    ranks = next;
  }
  return ranks;
}

test("ranks agree with those of a plain iteration that goes on for longer", async () => {
  const [links = []] = fc.sample(fc.array(linkShape, { minLength: 600, maxLength: 800 }), {
    seed,
    numRuns: 1,
  });
  const input = join(folder, "links.txt");
  writeFileSync(input, `# made up\n${links.map(([a, b]) => `p${a}\tp${b}\n`).join("")}`);
  const output = `${folder}/out/`;
  const { result } = await runExample("page-rank/job.ts", { input, output, tolerance: 1e-8 });
  const { pages, rounds } = result as { pages: number; rounds: number };
  expect(pages).toBe(new Set(links.flat()).size);
  expect(rounds).toBeGreaterThan(5);
  expect(rounds).toBeLessThan(50);

  const expected = plainRanks(links, 0.85);
  const rows = await outputRows<{ page: string; rank: number }>(output);
  expect(rows).toHaveLength(pages);
  for (const { page, rank } of rows) expect(rank).toBeCloseTo(expected[Number(page.slice(1))]!, 7);
  expect(rows.map(({ rank }) => rank)).toEqual(rows.map(({ rank }) => rank).sort((a, b) => b - a));
}, 120_000);
