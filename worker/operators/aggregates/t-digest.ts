// approxQuantile: t-digests, which keep the ends of a distribution sharp and its middle short.

import type { Column, ListColumn } from "../../../proto/batch/column.ts";
import { groupRows } from "../../kernels/columns/group-index.ts";
import { asFloats } from "../../kernels/columns/widen.ts";
import { compareNumbers } from "../order.ts";
import {
  type Accumulator,
  floatColumn,
  grownFloats,
  grownInts,
  validWhere,
} from "./accumulator.ts";

/** Larger digests are more exact: about so many centroids stand for any number of values. */
const compression = 200;
/** Values of all groups that wait before they are worked into their digests. */
const waitingMax = 65_536;

/** Centroids in order of their means. */
export interface Digest {
  readonly means: Float64Array;
  readonly weights: Float64Array;
}

const emptyDigest: Digest = { means: new Float64Array(0), weights: new Float64Array(0) };

/**
 * Neighbours are joined while their weight stays below `4 W q (1 - q) / compression` (Dunning and Ertl,
 * "Computing extremely accurate quantiles using t-digests", 2019). Only exact arithmetic decides, so that every
 * machine makes the same digest of the same values in the same order.
 */
export function digestOf(means: Float64Array, weights: Float64Array): Digest {
  const order = Array.from(means, (_, index) => index);
  order.sort((a, b) => compareNumbers(means[a]!, means[b]!) || a - b);
  let total = 0;
  for (const weight of weights) total += weight;
  const outMeans: number[] = [];
  const outWeights: number[] = [];
  let before = 0;
  for (const index of order) {
    const mean = means[index]!;
    const weight = weights[index]!;
    const last = outMeans.length - 1;
    const joined = last < 0 ? Number.POSITIVE_INFINITY : outWeights[last]! + weight;
    const q = (before + joined / 2) / total;
    const mayJoin = Number.isFinite(mean) && last >= 0 && Number.isFinite(outMeans[last]!);
    if (mayJoin && joined <= (4 * total * q * (1 - q)) / compression) {
      outMeans[last] = outMeans[last]! + ((mean - outMeans[last]!) * weight) / joined;
      outWeights[last] = joined;
      continue;
    }
    if (last >= 0) before += outWeights[last]!;
    outMeans.push(mean);
    outWeights.push(weight);
  }
  return { means: Float64Array.from(outMeans), weights: Float64Array.from(outWeights) };
}

/** Between the middles of two centroids the values are taken to lie evenly. */
export function quantileOf({ means, weights }: Digest, q: number): number {
  let total = 0;
  for (const weight of weights) total += weight;
  const target = q * total;
  let before = 0;
  for (let i = 0; i < means.length; i++) {
    const middle = before + weights[i]! / 2;
    if (target <= middle || i === means.length - 1) {
      if (i === 0 || target >= middle) return means[i]!;
      const previous = before - weights[i - 1]! / 2;
      const share = (target - previous) / (middle - previous);
      const [left, right] = [means[i - 1]!, means[i]!];
      if (!Number.isFinite(left) || !Number.isFinite(right)) return share < 0.5 ? left : right;
      return left + (right - left) * share;
    }
    before += weights[i]!;
  }
  return Number.NaN;
}

function joinedArrays(left: Float64Array, right: Float64Array): Float64Array {
  const out = new Float64Array(left.length + right.length);
  out.set(left);
  out.set(right, left.length);
  return out;
}

/** Digests of groups, with values and centroids that wait to be worked in. */
class Digests {
  private readonly digests: Digest[] = [];
  private means = new Float64Array(0);
  private weights = new Float64Array(0);
  private groups = new Int32Array(0);
  private waiting = 0;
  private digestBytes = 0;

  reserve(groups: number): void {
    while (this.digests.length < groups) this.digests.push(emptyDigest);
  }

  add(mean: number, weight: number, group: number): void {
    if (this.waiting === this.means.length) {
      const room = Math.min(waitingMax, 2 * this.waiting + 1024);
      this.means = grownFloats(this.means, room) as Float64Array<ArrayBuffer>;
      this.weights = grownFloats(this.weights, room) as Float64Array<ArrayBuffer>;
      this.groups = grownInts(this.groups, room) as Int32Array<ArrayBuffer>;
    }
    this.means[this.waiting] = mean;
    this.weights[this.waiting] = weight;
    this.groups[this.waiting] = group;
    this.waiting++;
    if (this.waiting === waitingMax) this.settle();
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.digestBytes + 100 * this.digests.length + 20 * this.means.length;
  }

  private settle(): void {
    const groups = this.groups.subarray(0, this.waiting);
    const { starts, rows } = groupRows(groups, this.digests.length);
    for (let group = 0; group < this.digests.length; group++) {
      const own = rows.subarray(starts[group]!, starts[group + 1]!);
      if (own.length === 0) continue;
      const { means, weights } = this.digests[group]!;
      const newMeans = Float64Array.from(own, (at) => this.means[at]!);
      const newWeights = Float64Array.from(own, (at) => this.weights[at]!);
      const digest = digestOf(joinedArrays(means, newMeans), joinedArrays(weights, newWeights));
      this.digestBytes += 16 * (digest.means.length - means.length);
      this.digests[group] = digest;
    }
    this.waiting = 0;
  }

  all(groups: number): readonly Digest[] {
    this.settle();
    return this.digests.slice(0, groups);
  }
}

/** Means and weights in turn. */
function listsOf(digests: readonly Digest[]): Column {
  const offsets = new Int32Array(digests.length + 1);
  for (const [group, { means }] of digests.entries()) {
    offsets[group + 1] = offsets[group]! + 2 * means.length;
  }
  const values = new Float64Array(offsets[digests.length]!);
  for (const [group, { means, weights }] of digests.entries()) {
    for (let i = 0; i < means.length; i++) {
      values[offsets[group]! + 2 * i] = means[i]!;
      values[offsets[group]! + 2 * i + 1] = weights[i]!;
    }
  }
  const base = { nulls: "null", validity: undefined } as const;
  const item = { ...base, name: "item", type: "float64", length: values.length, values } as const;
  return { ...base, name: "", type: "list", length: digests.length, offsets, item };
}

export function quantileAccumulator(q: number): Accumulator {
  const held = new Digests();
  return {
    skipsNulls: true,
    bytes: () => held.bytes,
    reserve: (groups) => held.reserve(groups),
    add: ([column], groups) => {
      if (column!.type === "null") return;
      const values = asFloats(column!);
      for (let i = 0; i < groups.length; i++) held.add(values[i]!, 1, groups[i]!);
    },
    merge: ([states], groups) => {
      const { offsets, item } = states as ListColumn;
      if (item.type !== "float64") return;
      for (let i = 0; i < groups.length; i++) {
        for (let at = offsets[i]!; at < offsets[i + 1]!; at += 2) {
          held.add(item.values[at]!, item.values[at + 1]!, groups[i]!);
        }
      }
    },
    states: (groups) => [listsOf(held.all(groups))],
    result: (groups) => {
      const digests = held.all(groups);
      const values = Float64Array.from(digests, (digest) => quantileOf(digest, q));
      const has = Uint8Array.from(digests, ({ means }) => (means.length === 0 ? 0 : 1));
      return floatColumn(values, groups, validWhere(has, groups));
    },
  };
}
