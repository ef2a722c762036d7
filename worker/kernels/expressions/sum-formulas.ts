// Sums of several formulas by group in one generated loop: groups and operands are read once, and no column of values is
// written in between.

import type { DataType } from "../../../proto/plan/types.ts";
import type { Rows } from "./bound.ts";
import { type ExactFormula, type ExactOperand, exactOperand, readOf } from "./exact-formulas.ts";
import { type Formula, type Numbers, ready, valuesOf } from "./fuse.ts";
import type { Vector } from "./vector.ts";

/** A formula of numbers, and the rows that it is about; `exact`: of whole numbers, or of digits of decimals. */
export type RowFormula =
  | { readonly kind: "doubles"; readonly formula: Formula; readonly rows: Rows }
  | { readonly kind: "exact"; readonly formula: ExactFormula; readonly rows: Rows };

/** Sums of groups, and after how many rows they need room. */
export interface DoubleSums {
  readonly sums: Float64Array;
  /** Infinity where they never do. */
  readonly rowsMax: number;
  makeRoom?(): void;
}

type Add = (
  from: number,
  to: number,
  operands: readonly Numbers[],
  groups: Int32Array,
  sums: readonly Float64Array[],
) => void;

const adds = new Map<string, Add>();

/** An array of a loop. */
interface Operand extends Pick<ExactOperand, "numbers" | "halves" | "reach"> {
  readonly isConstant: boolean;
}

/** A formula with the values of its operands, none of which is null. */
export interface Term {
  readonly type: DataType;
  /** How far from zero its values are at most; Infinity of doubles. */
  readonly reach: number;
  readonly operands: readonly Operand[];
  write(operand: (index: number) => string, lines: string[]): string;
}

/** Undefined where there are nulls, nothing but constants, or a value that is not exact as a double. */
export function termOf(of: RowFormula): Term | undefined {
  return of.kind === "doubles"
    ? termOfDoubles(of.formula, of.rows)
    : exactTerm(of.formula, of.rows);
}

function termOfDoubles(formula: Formula, rows: Rows): Term | undefined {
  const found = ready(formula, rows);
  if (found === undefined || found.valid !== undefined) return undefined;
  const numbers = valuesOf(found.operands);
  const operands = found.operands.map(({ constant }, at) => ({
    numbers: numbers[at]!,
    ...({ halves: 0, reach: Number.POSITIVE_INFINITY, isConstant: constant } as const),
  }));
  const { type, write } = formula;
  return { type, reach: Number.POSITIVE_INFINITY, operands, write };
}

function exactTerm({ type, write, ...formula }: ExactFormula, rows: Rows): Term | undefined {
  const vectors = formula.operands.map((operand) => operand.run(rows));
  if (vectors.some(isUnfit) || vectors.every(({ constant }) => constant)) return undefined;
  const operands: Operand[] = [];
  for (const vector of vectors) {
    const operand = exactOperand(vector);
    if (operand === undefined) return undefined;
    operands.push({ ...operand, isConstant: vector.constant });
  }
  const reach = formula.reach((index) => operands[index]!.reach);
  return Number.isFinite(reach) ? { type, reach, operands, write } : undefined;
}

function isUnfit({ form, valid }: Vector): boolean {
  return valid !== undefined || (form !== "number" && form !== "words");
}

/** Terms for sums, over operands that all of them share, and counts of rows. */
export class SumLoop {
  private readonly operands: Operand[] = [];
  private readonly lines: string[] = [];
  private readonly values: string[] = [];
  private readonly sums: Float64Array[] = [];
  private readonly makingRoom: (() => void)[] = [];
  private rowsMax = Number.POSITIVE_INFINITY;

  /** Each row's value is to be added to the sum of its group. */
  add({ operands, write }: Term, { sums, rowsMax, makeRoom }: DoubleSums): void {
    const places = operands.map((operand) => this.place(operand));
    this.values.push(write((index) => `x${places[index]!}`, this.lines));
    this.sums.push(sums);
    this.rowsMax = Math.min(this.rowsMax, rowsMax);
    if (makeRoom !== undefined) this.makingRoom.push(makeRoom);
  }

  /** Each row is to be counted in its group. */
  count(counts: Float64Array): void {
    this.values.push("1");
    this.sums.push(counts);
  }

  private place(operand: Operand): number {
    const known = this.operands.findIndex(({ numbers }) => numbers === operand.numbers);
    return known >= 0 ? known : this.operands.push(operand) - 1;
  }

  /** Adds what there is of all rows. */
  run(groups: Int32Array): void {
    const numbers = this.operands.map((operand) => operand.numbers);
    const add = this.compiled();
    for (let from = 0; from < groups.length; from += this.rowsMax) {
      if (from > 0) for (const makeRoom of this.makingRoom) makeRoom();
      add(from, Math.min(from + this.rowsMax, groups.length), numbers, groups, this.sums);
    }
  }

  private compiled(): Add {
    const loads = (isConstant: boolean, index: string) =>
      this.operands
        .map((operand, i) =>
          operand.isConstant === isConstant
            ? `const x${i} = ${readOf(operand, `a${i}`, index)};`
            : "",
        )
        .join(" ");
    const code = `"use strict";
      ${this.operands.map((_, i) => `const a${i} = operands[${i}];`).join(" ")} ${loads(true, "0")}
      ${this.values.map((_, i) => `const s${i} = sums[${i}];`).join(" ")}
      for (let i = from; i < to; i++) {
        const g = groups[i]; ${loads(false, "i")} ${this.lines.join(" ")}
        ${this.values.map((value, i) => `s${i}[g] = s${i}[g] + ${value};`).join(" ")}
      }`;
    // Arrays of other kinds get a loop of their own: one for all kinds would be slower for each.
    const kinds = this.operands.map(({ numbers }) => numbers.constructor.name);
    const key = `${kinds.join(" ")} ${code}`;
    let add = adds.get(key);
    if (add === undefined) {
      add = new Function("from", "to", "operands", "groups", "sums", code) as Add;
      adds.set(key, add);
    }
    return add;
  }
}
