// k-means from given centers, for some rounds: a function of the user's finds the nearest center of each point.

import { defineJob, float64, schema, z } from "millrace";

const columns = schema({ x: float64, y: float64, z: float64 });
type Point = readonly [number, number, number];

function nearest(x: number, y: number, z: number, centers: readonly Point[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < centers.length; at++) {
    const center = centers[at]!;
    const dx = x - center[0];
    const dy = y - center[1];
    const dz = z - center[2];
    const distance = dx * dx + dy * dy + dz * dz;
    if (distance < least) {
      least = distance;
      best = at;
    }
  }
  return best;
}

export default defineJob({
  name: "k-means",
  params: z.object({
    input: z.string(),
    centers: z.array(z.tuple([z.number(), z.number(), z.number()])),
    rounds: z.number().int(),
  }),
  async run(mr, { input, centers, rounds }) {
    const points = mr.read.parquet(input, { schema: columns }).cache();
    let current: readonly Point[] = centers;
    for (let round = 0; round < rounds; round++) {
      const before = current;
      const sums = await points
        .map(({ x, y, z }) => ({ center: nearest(x, y, z, before), x, y, z }))
        .groupBy("center")
        .agg((c) => ({ x: c.x.avg(), y: c.y.avg(), z: c.z.avg() }))
        .collect();
      const means = new Map(
        sums.map(({ center, x, y, z }): [number, Point] => [center, [x, y, z]]),
      );
      current = before.map((center, at) => means.get(at) ?? center);
    }
    return current.map((center) => [...center]);
  },
});
