// The job on points that lie in two heaps.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import kMeans from "./job.ts";

const files = { "points.csv": "0,0\n0,1\n1,0\n1,1\n10,10\n10,12\n" };
const params = { input: "points.csv", output: "out", clusters: 2 };

test.each([1, 2, 3])("two heaps are two clusters, wherever it begins (seed %i)", async (seed) => {
  const { result, outputs } = await testJob(kMeans, params, { files, seed });
  expect(result.centers.toSorted((a, b) => a[0]! - b[0]!)).toEqual([
    [0.5, 0.5],
    [10, 11],
  ]);
  const rows = outputs.out as readonly { readonly cluster: number; readonly point: number[] }[];
  const low = rows.find(({ point }) => point[0] === 0)?.cluster;
  for (const { cluster, point } of rows) expect(cluster === low).toBe(point[0]! < 5);
});

test("the number of rounds is bounded", async () => {
  const { result } = await testJob(kMeans, { ...params, roundsMax: 1 }, { files });
  expect(result.rounds).toBe(1);
});

test("more centers than points are refused, and so is a line that is no point", async () => {
  const many = testJob(kMeans, { ...params, clusters: 7 }, { files });
  await expect(many).rejects.toThrow("only 6 different points for 7 centers");
  const bad = testJob(kMeans, params, { files: { "points.csv": "1,2\n1,,2\n" } });
  await expect(bad).rejects.toThrow('"1,,2"');
});
