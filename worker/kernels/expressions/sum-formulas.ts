// Sums of several formulas by group in one generated loop: groups and operands are read once, and no column of values is
// written in between.

import type { Rows } from "./bound.ts";
import { type Formula, type Numbers, ready, valuesOf } from "./fuse.ts";

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

/** A term for each sum, over operands that all of them share. */
class Terms {
  readonly operands: Numbers[] = [];
  private readonly constants: boolean[] = [];
  private readonly lines: string[] = [];
  private readonly values: string[] = [];

  /** False where there are nulls, or nothing but constants. */
  add({ formula, rows }: RowFormula): boolean {
    const found = ready(formula, rows);
    if (found === undefined || found.valid !== undefined) return false;
    const numbers = valuesOf(found.operands);
    const places = found.operands.map(({ constant }, at) => this.place(numbers[at]!, constant));
    this.values.push(formula.write((index) => `x${places[index]!}`, this.lines));
    return true;
  }

  private place(numbers: Numbers, isConstant: boolean): number {
    const known = this.operands.indexOf(numbers);
    if (known >= 0) return known;
    this.constants.push(isConstant);
    return this.operands.push(numbers) - 1;
  }

  loop(): Add {
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

/** Adds each formula's values to the sums of the rows' groups. False where some are null, and nothing was added then. */
export function addFormulas(
  formulas: readonly RowFormula[],
  groups: Int32Array,
  sums: readonly Float64Array[],
): boolean {
  const terms = new Terms();
  if (!formulas.every((each) => terms.add(each))) return false;
  terms.loop()(groups.length, terms.operands, groups, sums);
  return true;
}
