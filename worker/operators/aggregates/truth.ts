// anyTrue and allTrue: over bool values that are not null.

import type { Column } from "../../../proto/batch/column.ts";
import { EngineError } from "../../../proto/errors.ts";
import { bitAt, bitBytes, setBit } from "../../kernels/columns/bits.ts";
import { type Accumulator, grownBytes, validWhere } from "./accumulator.ts";

const nothing = 0;
const sawFalse = 1;
const sawTrue = 2;

function truthsOf(column: Column | undefined): Uint8Array {
  if (column?.type === "bool") return column.values;
  // Nulls alone, as of the missing side of a join: none of them is looked at.
  if (column?.type === "null") return new Uint8Array(0);
  throw new EngineError("VALUE_UNSUPPORTED", `anyTrue and allTrue need bool, not ${column?.type}`);
}

export function truthAccumulator(wanted: "any" | "all"): Accumulator {
  let states = new Uint8Array(0);
  const strongest = wanted === "any" ? sawTrue : sawFalse;
  const add = ([column]: readonly Column[], groups: Int32Array): void => {
    const bits = truthsOf(column);
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      const state = bitAt(bits, i) === 1 ? sawTrue : sawFalse;
      if (states[group] === nothing || state === strongest) states[group] = state;
    }
  };
  const result = (groups: number): Column => {
    const values = new Uint8Array(bitBytes(groups));
    for (let group = 0; group < groups; group++) {
      if (states[group] === sawTrue) setBit(values, group);
    }
    const validity = validWhere(states, groups);
    return { name: "", type: "bool", length: groups, nulls: "null", validity, values };
  };
  return {
    skipsNulls: true,
    bytes: () => states.byteLength,
    reserve: (groups) => {
      states = grownBytes(states, groups) as Uint8Array<ArrayBuffer>;
    },
    add,
    merge: add,
    states: (groups) => [result(groups)],
    result,
  };
}
