// avg, variance and stddev: one pass, numerically stable, merged pair by pair.

import type { Column } from "../../../proto/batch/column.ts";
import { float64Type } from "../../../proto/plan/types.ts";
import { giveBack } from "../../kernels/columns/table-rooms.ts";
import { asFloats } from "../../kernels/columns/widen.ts";
import { type Accumulator, floatColumn, floatsOf, grownFloats, validWhere } from "./accumulator.ts";
import { TypedSums } from "./sum.ts";

/** Decimals are summed exactly, other numbers as float64: whole ones must not overflow in a mean. */
function summable(column: Column): Column {
  if (column.type === "decimal" || column.type === "null") return column;
  const { name, length, nulls, validity } = column;
  return { name, length, nulls, validity, type: "float64", values: asFloats(column) };
}

export function averageAccumulator(): Accumulator {
  const sums = new TypedSums();
  let counts = new Float64Array(0);
  const count = (groups: Int32Array, by: Float64Array | undefined): void => {
    for (let i = 0; i < groups.length; i++) {
      counts[groups[i]!] = counts[groups[i]!]! + (by === undefined ? 1 : by[i]!);
    }
  };
  return {
    skipsNulls: true,
    bytes: () => sums.bytes + counts.byteLength,
    reserve: (groups) => {
      sums.reserve(groups);
      counts = grownFloats(counts, groups) as Float64Array<ArrayBuffer>;
    },
    add: ([column], groups) => {
      if (column!.type === "null") return;
      sums.add(summable(column!), groups);
      count(groups, undefined);
    },
    addDigits: (digits, groups) => {
      if (!sums.addDigits(digits, groups)) return false;
      count(groups, undefined);
      return true;
    },
    fold: (sumOf) => {
      const values = sums.fold(sumOf);
      counts[0] = counts[0]! + values;
      return values > 0;
    },
    doublesFor: (type, rows, reach) =>
      sums.doublesFor(type.kind.startsWith("int") ? float64Type : type, rows, reach),
    rowCounts: () => counts,
    merge: ([sum, carries, counted], groups) => {
      sums.merge([sum!, carries!], groups);
      count(groups, floatsOf(counted));
    },
    states: (groups) => [...sums.states(groups), floatColumn(counts, groups, undefined)],
    result: (groups) => {
      const means = sums.floats(groups);
      for (let group = 0; group < groups; group++) means[group] = means[group]! / counts[group]!;
      return floatColumn(means, groups, validWhere(counts, groups));
    },
    close: () => {
      sums.close();
      giveBack(counts);
    },
  };
}

/**
 * Welford's algorithm, and the merge of Chan, Golub and LeVeque ("Updating formulae and a pairwise algorithm
 * for computing sample variances", 1979).
 */
export function varianceAccumulator(answer: "variance" | "stddev"): Accumulator {
  let counts = new Float64Array(0);
  let means = new Float64Array(0);
  let squares = new Float64Array(0);
  return {
    skipsNulls: true,
    bytes: () => counts.byteLength + means.byteLength + squares.byteLength,
    reserve: (groups) => {
      counts = grownFloats(counts, groups) as Float64Array<ArrayBuffer>;
      means = grownFloats(means, groups) as Float64Array<ArrayBuffer>;
      squares = grownFloats(squares, groups) as Float64Array<ArrayBuffer>;
    },
    add: ([column], groups) => {
      if (column!.type === "null") return;
      const values = asFloats(column!);
      for (let i = 0; i < groups.length; i++) {
        const group = groups[i]!;
        const value = values[i]!;
        const count = counts[group]! + 1;
        const before = value - means[group]!;
        const mean = means[group]! + before / count;
        counts[group] = count;
        means[group] = mean;
        squares[group] = squares[group]! + before * (value - mean);
      }
    },
    merge: (states, groups) => {
      const [otherCounts, otherMeans, otherSquares] = states.map(floatsOf);
      for (let i = 0; i < groups.length; i++) {
        const group = groups[i]!;
        const added = otherCounts![i]!;
        if (added === 0) continue;
        const count = counts[group]! + added;
        const difference = otherMeans![i]! - means[group]!;
        const shared = (counts[group]! * added) / count;
        squares[group] = squares[group]! + otherSquares![i]! + difference * difference * shared;
        means[group] = means[group]! + (difference * added) / count;
        counts[group] = count;
      }
    },
    states: (groups) => [counts, means, squares].map((of) => floatColumn(of, groups, undefined)),
    result: (groups) => {
      const out = new Float64Array(groups);
      const has = new Uint8Array(groups);
      for (let group = 0; group < groups; group++) {
        // The sample variance of one value is not defined.
        has[group] = counts[group]! > 1 ? 1 : 0;
        const variance = squares[group]! / (counts[group]! - 1);
        out[group] = answer === "stddev" ? Math.sqrt(variance) : variance;
      }
      return floatColumn(out, groups, validWhere(has, groups));
    },
  };
}
