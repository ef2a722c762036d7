// min, max, first and last, of values of any type.

import type { Column } from "../../../proto/batch/column.ts";
import { compareBySteps } from "../../kernels/columns/argsort.ts";
import { bitAt, bitBytes, setBit } from "../../kernels/columns/bits.ts";
import { concat } from "../../kernels/columns/concat.ts";
import { gather, rowsFrom } from "../../kernels/columns/gather.ts";
import { sortSteps } from "../../kernels/columns/sort-words.ts";
import { type Accumulator, grownInts } from "./accumulator.ts";
import { addArguments } from "./feed.ts";
import { HeldValues } from "./held-values.ts";
import { NumberExtremes } from "./number-extremes.ts";

/** For groups of the rows at hand, the row that stands for each; forgotten after each batch. */
class Chosen {
  private rowOfGroup = new Int32Array(0);
  private touched = new Int32Array(0);
  private count = 0;

  reserve(groups: number): void {
    const before = this.rowOfGroup.length;
    this.rowOfGroup = grownInts(this.rowOfGroup, groups) as Int32Array<ArrayBuffer>;
    if (this.rowOfGroup.length > before) this.rowOfGroup.fill(-1, before);
    this.touched = grownInts(this.touched, groups) as Int32Array<ArrayBuffer>;
  }

  get bytes(): number {
    return this.rowOfGroup.byteLength + this.touched.byteLength;
  }

  rowOf(group: number): number {
    return this.rowOfGroup[group]!;
  }

  set(group: number, row: number): void {
    if (this.rowOfGroup[group]! < 0) this.touched[this.count++] = group;
    this.rowOfGroup[group] = row;
  }

  /** Groups that were chosen for, in the order of their first rows, and their rows. */
  take(): { readonly groups: Int32Array; readonly rows: Int32Array } {
    const groups = this.touched.slice(0, this.count);
    const rows = groups.map((group) => this.rowOfGroup[group]!);
    for (const group of groups) this.rowOfGroup[group] = -1;
    this.count = 0;
    return { groups, rows };
  }
}

/** Values of any types. */
function anyExtreme(wanted: "min" | "max"): Accumulator {
  const held = new HeldValues();
  const chosen = new Chosen();
  const direction = wanted === "min" ? "asc" : "desc";
  const add = ([column]: readonly Column[], groups: Int32Array): void => {
    if (column!.type === "null" || groups.length === 0) return;
    const own = sortSteps(column!, direction, "last");
    for (let i = 0; i < groups.length; i++) {
      const best = chosen.rowOf(groups[i]!);
      if (best < 0 || compareBySteps(own, i, best) < 0) chosen.set(groups[i]!, i);
    }
    const { groups: touched, rows } = chosen.take();
    const before = held.valuesOf(touched);
    const both = concat("", [before, gather(column!, rows)]);
    const steps = sortSteps(both, direction, "last");
    const better = new Int32Array(touched.length);
    let count = 0;
    for (let i = 0; i < touched.length; i++) {
      const isNew = !held.has(touched[i]!);
      if (isNew || compareBySteps(steps, touched.length + i, i) < 0) better[count++] = i;
    }
    const picks = better.subarray(0, count);
    held.set(
      column!,
      picks.map((i) => rows[i]!),
      picks.map((i) => touched[i]!),
    );
  };
  return {
    skipsNulls: true,
    bytes: () => held.bytes + chosen.bytes,
    reserve: (groups) => {
      held.reserve(groups);
      chosen.reserve(groups);
    },
    add,
    // A group without a value has a null, which is left out as among rows.
    merge: add,
    states: (groups) => [held.column(groups)],
    result: (groups) => held.column(groups),
  };
}

/** NaN comes after all other numbers, texts are in the order of their bytes. Plain numbers take a loop of their own. */
export function extremeAccumulator(wanted: "min" | "max"): Accumulator {
  let numbers: NumberExtremes | undefined = new NumberExtremes(wanted);
  let any: Accumulator | undefined;
  let size = 0;
  /** Goes on with values of any types, from the numbers that there are. */
  const inGeneral = (): Accumulator => {
    if (any !== undefined) return any;
    any = anyExtreme(wanted);
    any.reserve(size);
    const known = numbers?.column(size);
    numbers = undefined;
    if (known !== undefined) addArguments(any, [known], rowsFrom(0, size), undefined);
    return any;
  };
  const add: Accumulator["add"] = ([column], groups, isWhole) => {
    if (column!.type === "null" || groups.length === 0) return;
    if (numbers?.add(column!, groups, isWhole) !== true) inGeneral().add([column!], groups);
  };
  const column = (groups: number): Column => numbers?.column(groups) ?? inGeneral().result(groups);
  return {
    skipsNulls: true,
    bytes: () => numbers?.bytes ?? any!.bytes(),
    reserve: (groups) => {
      size = groups;
      (numbers ?? any)!.reserve(groups);
    },
    add,
    // A group without a value has a null, which is left out as among rows.
    merge: add,
    statesOfRows: ([column]) => [column!],
    states: (groups) => [column(groups)],
    result: column,
  };
}

/** In the order of the rows; the value may be null. */
export function edgeAccumulator(wanted: "first" | "last"): Accumulator {
  const held = new HeldValues();
  const chosen = new Chosen();
  const addWhere = (column: Column, groups: Int32Array, counts: (row: number) => boolean): void => {
    for (let i = 0; i < groups.length; i++) {
      const group = groups[i]!;
      if (!counts(i)) continue;
      if (wanted === "first" && (held.has(group) || chosen.rowOf(group) >= 0)) continue;
      chosen.set(group, i);
    }
    const { groups: touched, rows } = chosen.take();
    held.set(column, rows, touched);
  };
  return {
    skipsNulls: false,
    bytes: () => held.bytes + chosen.bytes,
    reserve: (groups) => {
      held.reserve(groups);
      chosen.reserve(groups);
    },
    add: ([column], groups) => addWhere(column!, groups, () => true),
    merge: ([column, present], groups) => {
      const bits = (present as Extract<Column, { type: "bool" }>).values;
      addWhere(column!, groups, (row) => bitAt(bits, row) === 1);
    },
    states: (groups) => {
      const values = new Uint8Array(bitBytes(groups));
      const present = held.present(groups);
      for (let group = 0; group < groups; group++) if (present[group] === 1) setBit(values, group);
      const has: Column = {
        ...{ name: "", type: "bool", length: groups, nulls: "null", validity: undefined },
        values,
      };
      return [held.column(groups), has];
    },
    result: (groups) => held.column(groups),
  };
}
