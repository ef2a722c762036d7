// Sums of several formulas by group in one generated loop: groups and operands are read once, and no column of values is
// written in between.

import { GeneratedLoops } from "../../../proto/kernels/generated-loops.ts";
import { type DataType, int32Type } from "../../../proto/plan/types.ts";
import type { RowGroups } from "../columns/row-groups.ts";
import type { Rows } from "./bound.ts";
import { type ExactFormula, type ExactOperand, exactOperand, readOf } from "./exact-formulas.ts";
import { type Formula, kindOf, type Numbers, ready, valuesOf } from "./fuse.ts";
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
  /** Set where what is added might be rounded, so that it has to be added in its order. */
  readonly isOrdered?: boolean;
  makeRoom?(): void;
}

type Add = (
  from: number,
  to: number,
  operands: readonly Numbers[],
  numbers: Int32Array,
  codes: Int32Array | undefined,
  sums: readonly Float64Array[],
) => void;

const adds = new GeneratedLoops<Add>();
const parameters = ["from", "to", "operands", "numbers", "codes", "sums"];

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
  readonly text: string;
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
  const reach = Number.POSITIVE_INFINITY;
  const operands: Operand[] = [];
  for (const [at, { constant }] of found.operands.entries()) {
    operands.push({ numbers: numbers[at]!, halves: 0, reach, isConstant: constant });
  }
  return { type: formula.type, reach, operands, text: formula.text, write: formula.write };
}

function exactTerm(formula: ExactFormula, rows: Rows): Term | undefined {
  const operands: Operand[] = [];
  let areConstant = true;
  for (const bound of formula.operands) {
    const vector = bound.run(rows);
    const known = isUnfit(vector) ? undefined : exactOperand(vector);
    if (known === undefined) return undefined;
    const { numbers, halves, reach } = known;
    operands.push({ numbers, halves, reach, isConstant: vector.constant });
    areConstant &&= vector.constant;
  }
  const reach = formula.reach(operands, 0);
  if (areConstant || !Number.isFinite(reach)) return undefined;
  return { type: formula.type, reach, operands, text: formula.text, write: formula.write };
}

function isUnfit({ form, valid }: Vector): boolean {
  return valid !== undefined || (form !== "number" && form !== "words");
}

/** What is added of each row, and the sums to which it is added. */
interface Cell {
  /** Undefined where rows are counted. */
  readonly term: Term | undefined;
  /** Those of its operands among all. */
  readonly places: readonly number[];
  /** Whole: then it may be added up by itself before that. */
  readonly isExact: boolean;
  readonly sums: Float64Array[];
}

const noPlaces: readonly number[] = [];
const countedTerm = { type: int32Type, reach: 1, operands: [], text: "x" } as const;

/** Sums of so few groups lie beside each other while rows are added: one for this many rows. */
const packedRowsEach = 4;

/** Terms for sums, over operands that all of them share, and counts of rows. */
export class SumLoop {
  private readonly groupCount: number;
  private readonly operands: Operand[] = [];
  private readonly cells: Cell[] = [];
  private readonly makingRoom: DoubleSums[] = [];
  private rowsMax = Number.POSITIVE_INFINITY;

  constructor(groupCount: number) {
    this.groupCount = groupCount;
  }

  /** Each row's value is to be added to the sum of its group. */
  add(term: Term, sums: DoubleSums): void {
    this.rowsMax = Math.min(this.rowsMax, sums.rowsMax);
    if (sums.makeRoom !== undefined) this.makingRoom.push(sums);
    const isExact = Number.isFinite(term.reach) && sums.isOrdered !== true;
    if (isExact && this.joinsExact(term.write, sums.sums)) return;
    const places: number[] = [];
    for (const operand of term.operands) places.push(this.place(operand));
    this.cells.push({ term, places, isExact, sums: [sums.sums] });
  }

  /** Each row is to be counted in its group. */
  count(counts: Float64Array): void {
    if (this.joinsExact(undefined, counts)) return;
    this.cells.push({ term: undefined, places: noPlaces, isExact: true, sums: [counts] });
  }

  /** Rows are to be counted in their groups where their byte is 1. */
  countWhere(truths: Uint8Array, counts: Float64Array): void {
    const numbers = this.place({ numbers: truths, halves: 0, reach: 1, isConstant: false });
    // Written by a function of its own: the same one would say that it counts the same rows.
    const term = { ...countedTerm, write: (operand: (index: number) => string) => operand(0) };
    this.cells.push({ term, places: [numbers], isExact: true, sums: [counts] });
  }

  /** Whether the same is added up already. */
  private joinsExact(write: Term["write"] | undefined, sums: Float64Array): boolean {
    for (const cell of this.cells) {
      if (!cell.isExact || cell.term?.write !== write) continue;
      cell.sums.push(sums);
      return true;
    }
    return false;
  }

  private place(operand: Operand): number {
    const { operands } = this;
    for (let at = 0; at < operands.length; at++) {
      if (operands[at]!.numbers === operand.numbers) return at;
    }
    return operands.push(operand) - 1;
  }

  /** Adds what there is of all rows. */
  run({ numbers, codes, rows }: RowGroups): void {
    const { cells, groupCount, rowsMax } = this;
    const operands: Numbers[] = [];
    for (const operand of this.operands) operands.push(operand.numbers);
    const isPacked = cells.length > 1 && groupCount * cells.length * packedRowsEach <= rows;
    const isCoded = codes !== undefined;
    const packed = new Float64Array(isPacked ? groupCount * cells.length : 0);
    const key = this.key(isPacked, isCoded);
    const add = adds.get(key) ?? adds.make(key, parameters, this.code(isPacked, isCoded));
    for (let from = 0; from < rows; from += rowsMax) {
      if (from > 0) for (const sums of this.makingRoom) sums.makeRoom?.();
      const to = Math.min(from + rowsMax, rows);
      if (isPacked) this.pack(packed);
      add(from, to, operands, numbers, codes, isPacked ? [packed] : this.sums());
      if (isPacked) this.unpack(packed);
    }
  }

  private sums(): Float64Array[] {
    const sums: Float64Array[] = [];
    for (const cell of this.cells) sums.push(...cell.sums);
    return sums;
  }

  /** Puts the sums of a group beside each other: so rows are added to one array, and these then to where they belong. */
  private pack(packed: Float64Array): void {
    const { cells, groupCount } = this;
    packed.fill(0);
    for (let at = 0; at < cells.length; at++) {
      const { isExact, sums } = cells[at]!;
      // Doubles depend on the order in which they are added.
      if (isExact) continue;
      for (let g = 0; g < groupCount; g++) packed[g * cells.length + at] = sums[0]![g]!;
    }
  }

  private unpack(packed: Float64Array): void {
    const { cells, groupCount } = this;
    for (let at = 0; at < cells.length; at++) {
      const { isExact, sums } = cells[at]!;
      for (const own of sums) {
        for (let g = 0; g < groupCount; g++) {
          const sum = packed[g * cells.length + at]!;
          own[g] = isExact ? own[g]! + sum : sum;
        }
      }
    }
  }

  /** Arrays of other kinds get a loop of their own: one for all kinds would be slower for each. */
  private key(isPacked: boolean, isCoded: boolean): string {
    let key = `${isPacked ? "packed" : "plain"} ${isCoded ? "codes" : "numbers"}`;
    for (const operand of this.operands) {
      const isConstant = operand.isConstant ? "1" : "n";
      key += ` ${kindOf(operand.numbers)}${isConstant}${readOf(operand, "a", "i")}`;
    }
    for (const { term, places, sums } of this.cells) {
      key += `;${term === undefined ? "count" : term.text}@${places.join()}*${sums.length}`;
    }
    return key;
  }

  private code(isPacked: boolean, isCoded: boolean): string {
    const lines: string[] = [];
    const values = this.cells.map(({ term, places }) =>
      term === undefined ? "1" : term.write((index) => `x${places[index]!}`, lines),
    );
    const loads = (isConstant: boolean, index: string) =>
      this.operands
        .map((operand, i) =>
          operand.isConstant === isConstant
            ? `const x${i} = ${readOf(operand, `a${i}`, index)};`
            : "",
        )
        .join(" ");
    const { arrays, each, adds } = isPacked ? packedCode(values) : this.plainCode(values);
    const number = isCoded ? "numbers[codes[i]]" : "numbers[i]";
    return `"use strict";
      ${this.operands.map((_, i) => `const a${i} = operands[${i}];`).join(" ")} ${loads(true, "0")}
      ${arrays}
      for (let i = from; i < to; i++) {
        const g = ${each === 1 ? number : `${number} * ${each}`}; ${loads(false, "i")} ${lines.join(" ")}
        ${adds}
      }`;
  }

  private plainCode(values: readonly string[]): LoopParts {
    const added = this.cells.flatMap(({ sums }, at) => sums.map(() => values[at]!));
    return {
      arrays: added.map((_, i) => `const s${i} = sums[${i}];`).join(" "),
      each: 1,
      adds: added.map((value, i) => `s${i}[g] = s${i}[g] + ${value};`).join(" "),
    };
  }
}

interface LoopParts {
  readonly arrays: string;
  /** Places of a group in its array. */
  readonly each: number;
  readonly adds: string;
}

function packedCode(values: readonly string[]): LoopParts {
  const adds = values.map((value, at) => `s[g + ${at}] = s[g + ${at}] + ${value};`);
  return {
    arrays: "const s = sums[0];",
    each: values.length,
    adds: adds.join(" "),
  };
}
