// Sums of several formulas by group in one generated loop: groups and operands are read once, and no column of values is
// written in between.

import type { Rows } from "./bound.ts";
import { type Formula, type Numbers, ready, valuesOf } from "./fuse.ts";
import type { Vector } from "./vector.ts";

/** A formula of numbers, and the rows that it is about. */
export interface RowFormula {
  readonly formula: Formula;
  readonly rows: Rows;
}

type Add = (
  rows: number,
  operands: readonly Numbers[],
  groups: Int32Array,
  sums: readonly Float64Array[],
) => void;

const adds = new Map<string, Add>();

/** A formula with the values of its operands, none of which is null. */
export interface Term {
  readonly formula: Formula;
  readonly operands: readonly Vector[];
}

/** Undefined where there are nulls, or nothing but constants. */
export function termOf({ formula, rows }: RowFormula): Term | undefined {
  const found = ready(formula, rows);
  return found === undefined || found.valid !== undefined
    ? undefined
    : { formula, operands: found.operands };
}

/** Terms for sums, over operands that all of them share, and counts of rows. */
export class SumLoop {
  private readonly operands: Numbers[] = [];
  private readonly constants: boolean[] = [];
  private readonly lines: string[] = [];
  private readonly values: string[] = [];
  private readonly sums: Float64Array[] = [];

  /** Each row's value is to be added to the sum of its group. */
  add({ formula, operands }: Term, sums: Float64Array): void {
    const numbers = valuesOf(operands);
    const places = operands.map(({ constant }, at) => this.place(numbers[at]!, constant));
    this.values.push(formula.write((index) => `x${places[index]!}`, this.lines));
    this.sums.push(sums);
  }

  /** Each row is to be counted in its group. */
  count(counts: Float64Array): void {
    this.values.push("1");
    this.sums.push(counts);
  }

  private place(numbers: Numbers, isConstant: boolean): number {
    const known = this.operands.indexOf(numbers);
    if (known >= 0) return known;
    this.constants.push(isConstant);
    return this.operands.push(numbers) - 1;
  }

  /** Adds what there is of all rows. */
  run(groups: Int32Array): void {
    this.compiled()(groups.length, this.operands, groups, this.sums);
  }

  private compiled(): Add {
    const loads = (isConstant: boolean, at: string) =>
      this.constants
        .map((is, i) => (is === isConstant ? `const x${i} = a${i}[${at}];` : ""))
        .join(" ");
    const code = `"use strict";
      ${this.operands.map((_, i) => `const a${i} = operands[${i}];`).join(" ")} ${loads(true, "0")}
      ${this.values.map((_, i) => `const s${i} = sums[${i}];`).join(" ")}
      for (let i = 0; i < rows; i++) {
        const g = groups[i]; ${loads(false, "i")} ${this.lines.join(" ")}
        ${this.values.map((value, i) => `s${i}[g] = s${i}[g] + ${value};`).join(" ")}
      }`;
    // Arrays of other kinds get a loop of their own: one for all kinds would be slower for each.
    const key = `${this.operands.map((own) => own.constructor.name).join(" ")} ${code}`;
    let add = adds.get(key);
    if (add === undefined) {
      add = new Function("rows", "operands", "groups", "sums", code) as Add;
      adds.set(key, add);
    }
    return add;
  }
}
