// Trees of comparisons, logic and doubles as one generated loop: no column is written in between.
//
// A tree of n functions otherwise writes and reads n - 1 columns, and fresh memory costs more than the
// arithmetic: measured, a product of two columns spends most of its time in the pages of its result.

import { GeneratedLoops } from "../../../proto/kernels/generated-loops.ts";
import { boolType, type DataType, float64Type } from "../../../proto/plan/types.ts";
import { bitAt, countBits } from "../columns/bits.ts";
import { andBits } from "./bits.ts";
import type { Bound, Rows } from "./bound.ts";
import { conditionOf, isComparison } from "./compare.ts";
import { boolVector, numberVector, type Vector } from "./vector.ts";

/** The value of one row as JavaScript over `operands`, which stand for each row's `x0`, `x1`, … */
export interface Formula {
  readonly operands: readonly Bound[];
  readonly type: DataType;
  /** Then a comparison with it is a single one. */
  readonly neverNaN: boolean;
  /** Functions in the tree. */
  readonly size: number;
  /** False where a null among the operands may still give a value. */
  readonly nullsPropagate: boolean;
  /** Equal only for formulas that `write` the same, but for names. */
  readonly text: string;
  /** `operand` names those of this formula within the loop; `lines` takes what comes before the value. */
  write(operand: (index: number) => string, lines: string[]): string;
}

const fusedKinds: ReadonlySet<DataType["kind"]> = new Set(["bool", "int32", "int53", "float64"]);

/** Of a column or a literal; `literal` is the vector of the latter. */
export function leafFormula(bound: Bound, literal?: Vector): Formula | undefined {
  if (!fusedKinds.has(bound.type.kind)) return undefined;
  const isNumber = literal?.form === "number" && !Number.isNaN(literal.values[0]!);
  return {
    neverNaN: isNumber || bound.type.kind !== "float64",
    operands: [bound],
    type: bound.type,
    size: 0,
    nullsPropagate: true,
    text: "x",
    write: (operand) => operand(0),
  };
}

const doubleSigns: Readonly<Record<string, string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  divide: "/",
};

/** Of a cast of whole numbers to doubles, which JavaScript's numbers are anyhow. */
export function doubleFormula(formula: Formula | undefined, to: DataType): Formula | undefined {
  const isWhole = formula?.type.kind === "int32" && to.kind === "float64";
  return isWhole ? { ...formula, type: float64Type } : undefined;
}

/** What a function makes of the values `x` and `y`; undefined of one that no formula has. */
function codeOf(name: string, parts: readonly Formula[], result: DataType) {
  const areNumbers = parts.every(({ type }) => type.kind !== "bool");
  if (isComparison(name) && areNumbers) {
    const isDouble = parts.some(({ type }) => type.kind === "float64");
    const kind = !isDouble ? "whole" : parts[1]!.neverNaN ? "number" : "double";
    return (x: string, y: string) => conditionOf(name, kind, x, y);
  }
  const sign = doubleSigns[name];
  if (sign !== undefined && result.kind === "float64") {
    return (x: string, y: string) => `${x} ${sign} ${y}`;
  }
  if (name === "and") return (x: string, y: string) => `${x} & ${y}`;
  if (name === "or") return (x: string, y: string) => `${x} | ${y}`;
  if (name === "not") return (x: string) => `${x} ^ 1`;
  return undefined;
}

export function callFormula(
  name: string,
  args: readonly Bound[],
  result: DataType,
): Formula | undefined {
  const parts = args.map((arg) => arg.formula);
  const known = parts.filter((part) => part !== undefined);
  if (known.length !== parts.length) return undefined;
  const code = codeOf(name, known, result);
  if (code === undefined) return undefined;
  const operands = known.flatMap((part) => part.operands);
  return {
    operands,
    type: result,
    neverNaN: result.kind !== "float64",
    size: 1 + known.reduce((sum, part) => sum + part.size, 0),
    text: `${code("a", "b")}[${known.map((part) => part.text).join()}]`,
    nullsPropagate: !["and", "or"].includes(name) && known.every((part) => part.nullsPropagate),
    write: (operand, lines) => {
      let first = 0;
      const values = known.map((part) => {
        const start = first;
        first += part.operands.length;
        return part.write((index) => operand(start + index), lines);
      });
      const value = `v${lines.length}`;
      const text = code(values[0]!, values[1]!);
      lines.push(`const ${value} = ${result.kind === "bool" ? `(${text}) | 0` : text};`);
      return value;
    },
  };
}

export type Numbers = Float64Array | Int32Array | Uint8Array;
type Loop = (rows: number, operands: readonly Numbers[], out: Numbers) => number;

const loops = new GeneratedLoops<Loop>();
const loopParameters = ["rows", "operands", "out"];

/** Arrays of other kinds, and constants, get a loop of their own: one for all kinds would be slower for each. */
function keyOf({ text }: Formula, operands: readonly Vector[], arrays: readonly Numbers[]): string {
  let key = text;
  for (let at = 0; at < arrays.length; at++) {
    key += operands[at]!.constant ? " 1" : " n";
    key += kindOf(arrays[at]!);
  }
  return key;
}

export function kindOf(numbers: Numbers): string {
  if (numbers instanceof Float64Array) return "double";
  return numbers instanceof Int32Array ? "int" : "byte";
}

/** `list`: numbers of the rows that are true, and how many there are; else a value for each row. */
type Goal = "list" | "values";

function loopOf(
  formula: Formula,
  operands: readonly Vector[],
  arrays: readonly Numbers[],
  goal: Goal,
): Loop {
  const key = `${goal} ${keyOf(formula, operands, arrays)}`;
  return loops.get(key) ?? loops.make(key, loopParameters, loopCode(formula, operands, goal));
}

function loopCode(formula: Formula, operands: readonly Vector[], goal: Goal): string {
  const lines: string[] = [];
  const value = formula.write((index) => `x${index}`, lines);
  const loads = operands.map((operand, i) => ({
    array: `const a${i} = operands[${i}];`,
    load: `const x${i} = a${i}[${operand.constant ? 0 : "i"}];`,
    isConstant: operand.constant,
  }));
  const store = goal === "list" ? `out[count] = i; count += ${value};` : `out[i] = ${value};`;
  const hoisted = loads.filter((each) => each.isConstant).map((each) => each.load);
  const inner = loads.filter((each) => !each.isConstant).map((each) => each.load);
  return `"use strict"; ${loads.map((each) => each.array).join(" ")} ${hoisted.join(" ")}
    let count = 0;
    for (let i = 0; i < rows; i++) { ${inner.join(" ")} ${lines.join(" ")} ${store} }
    return count;`;
}

interface Ready {
  readonly operands: readonly Vector[];
  readonly valid: Uint8Array | undefined;
}

/** The operands' vectors; undefined where nulls or constants ask for the functions one by one. */
export function ready(formula: Formula, rows: Rows): Ready | undefined {
  const operands: Vector[] = [];
  let valid: Uint8Array | undefined;
  let areConstant = true;
  for (const bound of formula.operands) operands.push(bound.run(rows));
  for (const operand of operands) {
    areConstant &&= operand.constant;
    if (operand.form !== "number" && operand.form !== "bool") return undefined;
    if (operand.valid === undefined) continue;
    if (operand.constant || !formula.nullsPropagate) return undefined;
    valid = andBits(valid, operand.valid, rows.count);
  }
  return areConstant ? undefined : { operands, valid };
}

export const valuesOf = (operands: readonly Vector[]): Numbers[] =>
  operands.map((operand) => (operand as { readonly values: Numbers }).values);

/** The formula in one loop; undefined where the functions have to run one by one. */
export function runFormula(formula: Formula, rows: Rows): Vector | undefined {
  const found = ready(formula, rows);
  if (found === undefined) return undefined;
  const { operands, valid } = found;
  const isBool = formula.type.kind === "bool";
  const out = isBool ? new Uint8Array(rows.count) : new Float64Array(rows.count);
  const arrays = valuesOf(operands);
  loopOf(formula, operands, arrays, "values")(rows.count, arrays, out);
  return out instanceof Uint8Array
    ? boolVector(boolType, out, valid)
    : numberVector(float64Type, out, valid);
}

type Fold = (
  rows: number,
  operands: readonly Numbers[],
  list: Int32Array,
  first: number,
  valid: Uint8Array,
) => number;

const folds = new GeneratedLoops<Fold>();
const foldParameters = ["rows", "operands", "list", "first", "valid"];

interface FoldKind {
  readonly isListed: boolean;
  readonly hasNulls: boolean;
}

/** A loop that adds the values of all rows, or of those of a list, in their order; nulls are left out. */
function foldOf(
  formula: Formula,
  operands: readonly Vector[],
  arrays: readonly Numbers[],
  kind: FoldKind,
): Fold {
  const about = `${kind.isListed ? "list" : "all"} ${kind.hasNulls ? "nulls" : "valid"}`;
  const key = `${about} ${keyOf(formula, operands, arrays)}`;
  return folds.get(key) ?? folds.make(key, foldParameters, foldCode(formula, operands, kind));
}

function foldCode(
  formula: Formula,
  operands: readonly Vector[],
  { isListed, hasNulls }: FoldKind,
): string {
  const lines: string[] = [];
  const value = formula.write((index) => `x${index}`, lines);
  const arrays = operands.map((_, i) => `const a${i} = operands[${i}];`).join(" ");
  const loadsWhere = (isConstant: boolean, at: string) =>
    operands
      .map((operand, i) => (operand.constant === isConstant ? `const x${i} = a${i}[${at}];` : ""))
      .join(" ");
  const row = isListed ? "const i = list[k];" : "const i = k;";
  const skip = hasNulls ? "if (((valid[i >> 3] >> (i & 7)) & 1) === 0) continue;" : "";
  return `"use strict"; ${arrays} ${loadsWhere(true, "0")}
    let sum = first;
    for (let k = 0; k < rows; k++) {
      ${row} ${skip} ${loadsWhere(false, "i")} ${lines.join(" ")} sum += ${value};
    }
    return sum;`;
}

const noList = new Int32Array(0);
const noBits = new Uint8Array(0);

/** A sum, and how many values were added to it. */
export interface Folded {
  readonly sum: number;
  readonly values: number;
}

function countValid(valid: Uint8Array, rows: Rows, list: Int32Array | undefined): number {
  if (list === undefined) return countBits(valid, rows.count);
  let count = 0;
  for (let i = 0; i < list.length; i++) count += bitAt(valid, list[i]!);
  return count;
}

/**
 * `first` with the formula's values added one after the other: of the rows of `list`, or of all, where they are not
 * null. Undefined where it is of no doubles, or where there is no value.
 */
export function foldFormula(
  formula: Formula,
  rows: Rows,
  list: Int32Array | undefined,
  first: number,
): Folded | undefined {
  const found = formula.type.kind === "float64" ? ready(formula, rows) : undefined;
  if (found === undefined) return undefined;
  const { operands, valid } = found;
  const count = list?.length ?? rows.count;
  const values = valid === undefined ? count : countValid(valid, rows, list);
  if (values === 0) return undefined;
  const arrays = valuesOf(operands);
  const kind = { isListed: list !== undefined, hasNulls: values < count };
  const fold = foldOf(formula, operands, arrays, kind);
  const sum = fold(count, arrays, list ?? noList, first, valid ?? noBits);
  return { sum, values };
}

/** The rows for which the condition is true, without a column of bytes in between. */
export function listFormula(formula: Formula, rows: Rows): Int32Array | undefined {
  const found = ready(formula, rows);
  if (found === undefined || found.valid !== undefined) return undefined;
  const out = new Int32Array(rows.count);
  const arrays = valuesOf(found.operands);
  const loop = loopOf(formula, found.operands, arrays, "list");
  return out.subarray(0, loop(rows.count, arrays, out));
}
