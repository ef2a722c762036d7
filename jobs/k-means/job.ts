// Finds groups of points that lie close together: k-means, repeated until the centers hold still.

import { defineJob, z } from "millrace";
import { firstCenters, nearest, parsePoint, squaredDistance, sumOf } from "./points.ts";

/** How many points, about, the first centers are chosen from. */
const sampledPoints = 10_000;

export default defineJob({
  name: "k-means",
  params: z.object({
    input: z.string().describe("points as lines of numbers between commas"),
    output: z
      .string()
      .describe("folder for the points with their clusters, one JSON object a line"),
    clusters: z.number().int().min(1).default(3).describe("how many centers"),
    tolerance: z.number().min(0).default(1e-6).describe("moves up to this length end the job"),
    roundsMax: z.number().int().min(1).default(100).describe("rounds at most"),
  }),
  async run(mr, { input, output, clusters, tolerance, roundsMax }) {
    const points = mr.read.text(input).map(parsePoint).cache();
    const total = await points.count();
    const sample = await points.sample(Math.min(1, sampledPoints / total)).collect();
    let centers = firstCenters(sample, clusters, () => mr.random());

    for (let round = 1; ; round++) {
      // A constant: functions may run after `centers` has changed.
      const before = centers;
      const sums = await points
        .map((point) => [nearest(point, before), { sum: point, count: 1 }] as const)
        .reduceByKey((a, b) => ({ sum: sumOf(a.sum, b.sum), count: a.count + b.count }))
        .collect();
      const means = new Map(sums.map(([at, { sum, count }]) => [at, sum.map((x) => x / count)]));
      const after = before.map((center, at) => means.get(at) ?? center);
      const moves = after.map((center, at) => squaredDistance(center, before[at] ?? center));
      centers = after;
      if (Math.max(...moves) <= tolerance ** 2 || round === roundsMax) {
        await points
          .map((point) => ({ cluster: nearest(point, after), point }))
          .write.ndjson(output);
        return { centers: after, rounds: round };
      }
    }
  },
});
