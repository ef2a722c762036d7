// k-means on one thread: a loop over typed arrays.

import type { Baselines } from "../baseline-types.ts";
import { numbersOf } from "../column-values.ts";
import { readTable } from "../read-table.ts";

type Points = readonly (readonly [
  xs: ArrayLike<number>,
  ys: ArrayLike<number>,
  zs: ArrayLike<number>,
])[];

function meansOf(points: Points, centers: readonly (readonly number[])[]): number[][] {
  const sums = centers.map(() => [0, 0, 0, 0]);
  for (const [xs, ys, zs] of points) {
    for (let row = 0; row < xs.length; row++) {
      const [x, y, z] = [xs[row]!, ys[row]!, zs[row]!];
      let best = 0;
      let least = Number.POSITIVE_INFINITY;
      for (let at = 0; at < centers.length; at++) {
        const center = centers[at]!;
        const [dx, dy, dz] = [x - center[0]!, y - center[1]!, z - center[2]!];
        const distance = dx * dx + dy * dy + dz * dz;
        if (distance < least) {
          least = distance;
          best = at;
        }
      }
      const sum = sums[best]!;
      sum[0]! += x;
      sum[1]! += y;
      sum[2]! += z;
      sum[3]!++;
    }
  }
  return sums.map(([x = 0, y = 0, z = 0, count = 0], at) =>
    count === 0 ? [...centers[at]!] : [x / count, y / count, z / count],
  );
}

async function means(
  input: string,
  start: readonly (readonly number[])[],
  rounds: number,
): Promise<readonly (readonly number[])[]> {
  const points: (readonly [ArrayLike<number>, ArrayLike<number>, ArrayLike<number>])[] = [];
  for await (const { columns } of readTable(input, ["x", "y", "z"])) {
    const [x, y, z] = columns.map((column) => Float64Array.from(numbersOf(column)));
    points.push([x!, y!, z!]);
  }
  let centers = start;
  for (let round = 0; round < rounds; round++) centers = meansOf(points, centers);
  return centers;
}

export const clustersBaselines: Baselines = {
  means: ({ input, centers, rounds }) =>
    means(String(input), centers as readonly (readonly number[])[], Number(rounds)),
};
