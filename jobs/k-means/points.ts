// Points as arrays of numbers, and what k-means asks of them.

export type Point = readonly number[];

/** Throws for a line that is not numbers between commas. */
export function parsePoint(line: string): Point {
  const point = line.split(",").map((text) => (text.trim() === "" ? Number.NaN : Number(text)));
  if (point.every(Number.isFinite)) return point;
  throw new Error(`not numbers between commas: ${JSON.stringify(line)}`);
}

export function squaredDistance(a: Point, b: Point): number {
  return a.reduce((sum, value, axis) => sum + (value - (b[axis] ?? Number.NaN)) ** 2, 0);
}

export function sumOf(a: Point, b: Point): Point {
  return a.map((value, axis) => value + (b[axis] ?? Number.NaN));
}

/** The number of the nearest center. */
export function nearest(point: Point, centers: readonly Point[]): number {
  const distances = centers.map((center) => squaredDistance(point, center));
  return distances.indexOf(Math.min(...distances));
}

/**
 * Chooses centers to begin with, each with a chance that grows with the square of its distance from those
 * chosen before (k-means++, Arthur and Vassilvitskii 2007).
 * @param random answers numbers from 0 up to 1
 */
export function firstCenters(
  points: readonly Point[],
  count: number,
  random: () => number,
): readonly Point[] {
  const centers: Point[] = [];
  let weights = points.map(() => 1);
  while (centers.length < count) {
    const center = points[drawn(weights, random())];
    if (center === undefined) {
      throw new Error(`there are only ${centers.length} different points for ${count} centers`);
    }
    centers.push(center);
    const isFirst = centers.length === 1;
    weights = points.map((point, at) => {
      const distance = squaredDistance(point, center);
      return isFirst ? distance : Math.min(distance, weights[at] ?? distance);
    });
  }
  return centers;
}

/** The index that a number from 0 up to 1 falls on, where each takes up its weight; -1 where none has any. */
function drawn(weights: readonly number[], at: number): number {
  let left = at * weights.reduce((sum, weight) => sum + weight, 0);
  const index = weights.findIndex((weight) => {
    left -= weight;
    return weight > 0 && left < 0;
  });
  // Sums are rounded: the last bit of the range belongs to the last one.
  return index === -1 ? weights.findLastIndex((weight) => weight > 0) : index;
}
