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

/** A value of each row, and the sums to which it is added. */
interface Cell {
  readonly value: string;
  /** Whole: then it may be added up by itself before that. */
  readonly isExact: boolean;
  readonly sums: Float64Array[];
}

/** Sums of so few groups lie beside each other while rows are added: one for this many rows. */
const packedRowsEach = 4;

/** Terms for sums, over operands that all of them share, and counts of rows. */
export class SumLoop {
  private readonly groupCount: number;
  private readonly operands: Operand[] = [];
  private readonly lines: string[] = [];
  private readonly cells: Cell[] = [];
  /** Of exact terms. */
  private readonly known = new Map<Term["write"] | "count", Cell>();
  private readonly makingRoom: (() => void)[] = [];
  private rowsMax = Number.POSITIVE_INFINITY;

  constructor(groupCount: number) {
    this.groupCount = groupCount;
  }

  /** Each row's value is to be added to the sum of its group. */
  add({ operands, write, reach }: Term, { sums, rowsMax, makeRoom }: DoubleSums): void {
    this.rowsMax = Math.min(this.rowsMax, rowsMax);
    if (makeRoom !== undefined) this.makingRoom.push(makeRoom);
    const isExact = Number.isFinite(reach);
    const known = isExact ? this.known.get(write) : undefined;
    if (known !== undefined) {
      known.sums.push(sums);
      return;
    }
    const places = operands.map((operand) => this.place(operand));
    const value = write((index) => `x${places[index]!}`, this.lines);
    const cell = { value, isExact, sums: [sums] };
    this.cells.push(cell);
    if (isExact) this.known.set(write, cell);
  }

  /** Each row is to be counted in its group. */
  count(counts: Float64Array): void {
    const known = this.known.get("count");
    if (known !== undefined) {
      known.sums.push(counts);
      return;
    }
    const cell = { value: "1", isExact: true, sums: [counts] };
    this.cells.push(cell);
    this.known.set("count", cell);
  }

  private place(operand: Operand): number {
    const known = this.operands.findIndex(({ numbers }) => numbers === operand.numbers);
    return known >= 0 ? known : this.operands.push(operand) - 1;
  }

  /** Adds what there is of all rows. */
  run(groups: Int32Array): void {
    const numbers = this.operands.map((operand) => operand.numbers);
    const isPacked = this.groupCount * this.cells.length * packedRowsEach <= groups.length;
    const add = this.compiled(isPacked);
    for (let from = 0; from < groups.length; from += this.rowsMax) {
      if (from > 0) for (const makeRoom of this.makingRoom) makeRoom();
      const to = Math.min(from + this.rowsMax, groups.length);
      if (isPacked) this.addPacked((sums) => add(from, to, numbers, groups, sums));
      else
        add(
          from,
          to,
          numbers,
          groups,
          this.cells.flatMap(({ sums }) => sums),
        );
    }
  }

  /** Rows are added to one array with the sums of a group beside each other, and these then to where they belong. */
  private addPacked(add: (sums: readonly Float64Array[]) => void): void {
    const { cells, groupCount } = this;
    const each = cells.length;
    const packed = new Float64Array(groupCount * each);
    for (const [at, { isExact, sums }] of cells.entries()) {
      // Doubles depend on the order in which they are added.
      if (isExact) continue;
      for (let g = 0; g < groupCount; g++) packed[g * each + at] = sums[0]![g]!;
    }
    add([packed]);
    for (const [at, { isExact, sums }] of cells.entries()) {
      for (const own of sums) {
        for (let g = 0; g < groupCount; g++) {
          const sum = packed[g * each + at]!;
          own[g] = isExact ? own[g]! + sum : sum;
        }
      }
    }
  }

  private compiled(isPacked: boolean): Add {
    const loads = (isConstant: boolean, index: string) =>
      this.operands
        .map((operand, i) =>
          operand.isConstant === isConstant
            ? `const x${i} = ${readOf(operand, `a${i}`, index)};`
            : "",
        )
        .join(" ");
    const { arrays, group, adds: additions } = isPacked ? this.packedCode() : this.plainCode();
    const code = `"use strict";
      ${this.operands.map((_, i) => `const a${i} = operands[${i}];`).join(" ")} ${loads(true, "0")}
      ${arrays}
      for (let i = from; i < to; i++) {
        const g = ${group}; ${loads(false, "i")} ${this.lines.join(" ")}
        ${additions}
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

  private packedCode() {
    const adds = this.cells.map(({ value }, at) => `s[g + ${at}] = s[g + ${at}] + ${value};`);
    const group = `groups[i] * ${this.cells.length}`;
    return { arrays: "const s = sums[0];", group, adds: adds.join(" ") };
  }

  private plainCode() {
    const values = this.cells.flatMap(({ value, sums }) => sums.map(() => value));
    return {
      arrays: values.map((_, i) => `const s${i} = sums[${i}];`).join(" "),
      group: "groups[i]",
      adds: values.map((value, i) => `s${i}[g] = s${i}[g] + ${value};`).join(" "),
    };
  }
}
