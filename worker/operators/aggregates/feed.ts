// Gives an accumulator the rows that count: chosen ones, and those with a value where nulls are left out.

import { type Column, isValid } from "../../../proto/batch/column.ts";
import { gather } from "../../kernels/columns/gather.ts";
import type { Selection } from "../../kernels/expressions/compile-expr.ts";
import type { Accumulator } from "./accumulator.ts";

/** Of these rows (all where not set) those with a value in the column; undefined for all rows. */
function withValue(column: Column, rows: Selection): Selection {
  if (column.type === "null") return new Int32Array(0);
  if (column.validity === undefined) return rows;
  const out = new Int32Array(rows?.length ?? column.length);
  let count = 0;
  for (let i = 0; i < out.length; i++) {
    const row = rows === undefined ? i : rows[i]!;
    if (isValid(column, row)) out[count++] = row;
  }
  return count === column.length ? undefined : out.subarray(0, count);
}

function groupsAt(groups: Int32Array, rows: Int32Array): Int32Array {
  const out = new Int32Array(rows.length);
  for (let i = 0; i < out.length; i++) out[i] = groups[rows[i]!]!;
  return out;
}

/** Of one accumulator: whether no row was left out so far, so that no group is without a value. */
export interface Fed {
  isWhole: boolean;
}

/** Of the rows (all where not set) those with a first argument that is not null, where that matters. */
export function addArguments(
  accumulator: Accumulator,
  args: readonly Column[],
  groups: Int32Array,
  rows: Selection,
  fed: Fed = { isWhole: false },
): void {
  const [first] = args;
  const counted = accumulator.skipsNulls && first !== undefined ? withValue(first, rows) : rows;
  if (counted === undefined) return accumulator.add(args, groups, fed.isWhole);
  fed.isWhole = false;
  accumulator.add(
    args.map((arg) => gather(arg, counted)),
    groupsAt(groups, counted),
  );
}

/** A group that has seen nothing has null for its first state. */
export function mergeStates(
  accumulator: Accumulator,
  states: readonly Column[],
  groups: Int32Array,
  fed: Fed = { isWhole: false },
): void {
  const counted = accumulator.skipsNulls ? withValue(states[0]!, undefined) : undefined;
  if (counted === undefined) return accumulator.merge(states, groups, fed.isWhole);
  fed.isWhole = false;
  accumulator.merge(
    states.map((state) => gather(state, counted)),
    groupsAt(groups, counted),
  );
}
