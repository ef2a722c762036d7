// k-means on an embedded cluster: centers that hold still. Where it begins is left to chance, so that the
// clusters found need not be the heaps that the points were made in.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { outputRows, runExample } from "../testing/example-job.ts";
import { scratchFolder } from "../testing/folders.ts";

const folder = scratchFolder("k-means");
const seed = 1957;
const heaps = [
  [0, 0, 0],
  [20, 0, 5],
  [0, 20, -5],
  [20, 20, 0],
];

const noise = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -3000, max: 3000 })));

function plainNearest(point: readonly number[], centers: readonly (readonly number[])[]): number {
  let best = 0;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const [index, [x = 0, y = 0, z = 0]] of centers.entries()) {
    const distance = Math.hypot(point[0]! - x, point[1]! - y, point[2]! - z);
    if (distance < bestDistance) [best, bestDistance] = [index, distance];
  }
  return best;
}

test("each point is with the nearest center, and each center is the mean of its points", async () => {
  const points = heaps.flatMap((heap, index) =>
    fc
      .sample(noise, { seed: seed + index, numRuns: 2000 })
      .map((offsets) => heap.map((value, axis) => value + offsets[axis]! / 1000)),
  );
  const input = join(folder, "points.csv");
  writeFileSync(input, points.map((point) => `${point.join(",")}\n`).join(""));
  const output = `${folder}/out/`;
  const { result } = await runExample("k-means/job.ts", { input, output, clusters: 4 });
  const { centers } = result as { centers: readonly (readonly number[])[] };
  expect(centers).toHaveLength(4);

  const rows = await outputRows<{ cluster: number; point: readonly number[] }>(output);
  expect(rows.map(({ point }) => point)).toEqual(points);
  for (const { cluster, point } of rows) expect(cluster).toBe(plainNearest(point, centers));
  for (const [cluster, center] of centers.entries()) {
    const own = rows.filter((row) => row.cluster === cluster).map(({ point }) => point);
    expect(own.length).toBeGreaterThan(0);
    for (const [axis, value] of center.entries()) {
      const mean = own.reduce((sum, point) => sum + point[axis]!, 0) / own.length;
      expect(value).toBeCloseTo(mean, 9);
    }
  }
}, 120_000);
