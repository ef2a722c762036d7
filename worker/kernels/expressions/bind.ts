// Chooses the kernels of an expression for columns of known types.

import { assert } from "../../../proto/errors.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import { exprText } from "../../../proto/plan/expr-text.ts";
import { isProblem, type TypeAnswer } from "../../../proto/plan/functions/function.ts";
import { findScalar } from "../../../proto/plan/functions/scalars.ts";
import {
  boolType,
  commonType,
  type DataType,
  nullType,
  sameType,
  typeText,
} from "../../../proto/plan/types.ts";
import type { Bound, Rows } from "./bound.ts";
import { castCanFail, castVector } from "./cast.ts";
import { exactCall, exactLeaf } from "./exact-formulas.ts";
import {
  type FitArguments,
  fittedToFirst,
  fittedTogether,
  validOfAll,
} from "./fitted-arguments.ts";
import { callFormula, doubleFormula, leafFormula, runFormula } from "./fuse.ts";
import { type Kernel, valueError } from "./kernel.ts";
import { kernelOf } from "./kernels.ts";
import { literalVector } from "./literal.ts";
import { andVectors, orVectors, rowsWhere } from "./logic.ts";
import { isOpenStruct } from "./settle-json.ts";
import { expanded, joinRows, nullsOf, takeRows } from "./take.ts";
import { asConstant, isValidAt, type Vector } from "./vector.ts";

const arithmetic: ReadonlySet<string> = new Set(["add", "subtract", "multiply", "divide"]);

/** What binding asks about columns. */
export interface Columns {
  typeOf(name: string): DataType;
  /** Why a column has no type of its own, as an end of a sentence; undefined where it has one. */
  mixture(name: string): string | undefined;
}

/** With the formulas of a leaf, which calls around it may fuse. */
function leaf(bound: Bound, literal?: Vector): Bound {
  return { ...bound, formula: leafFormula(bound, literal), exact: exactLeaf(bound) };
}

/** Two functions or more become one loop. */
function fused(plain: Bound, name: string, args: readonly Bound[]): Bound {
  const formula = plain.canFail ? undefined : callFormula(name, args, plain.type);
  if (formula === undefined || formula.size < 2) return { ...plain, formula };
  return { ...plain, formula, run: (rows) => runFormula(formula, rows) ?? plain.run(rows) };
}

export function bind(expr: Expr, columns: Columns): Bound {
  switch (expr.kind) {
    case "column": {
      const { name } = expr;
      return leaf({
        type: columns.typeOf(name),
        canFail: false,
        run: (rows) => rows.column(name),
      });
    }
    case "literal": {
      const vector = literalVector(expr);
      return leaf({ type: vector.type, canFail: false, run: () => vector }, vector);
    }
    case "cast": {
      const input = bind(expr.input, columns);
      return converted(input, expr.to, exprText(expr), expr.onFailure);
    }
    case "case":
      return bindCase(expr, columns);
    case "call":
      if (expr.name === "and" || expr.name === "or") return bindLogic(expr, columns);
      if (expr.name === "coalesce") return bindCoalesce(expr, columns);
      return bindCall(expr, columns);
  }
}

/** The input as another type. */
function converted(
  input: Bound,
  to: DataType,
  text: string,
  onFailure: "error" | "null" = "error",
): Bound {
  if (sameType(input.type, to)) return input;
  return {
    type: to,
    canFail: input.canFail || (onFailure === "error" && castCanFail(input.type, to)),
    formula: doubleFormula(input.formula, to),
    // A constant must not fail for rows that there are none of.
    run: (rows) =>
      rows.count === 0 ? nullsOf(to, 0) : castVector(input.run(rows), to, onFailure, text),
  };
}

function mixtureIn(expr: Expr, columns: Columns): string | undefined {
  if (expr.kind === "column") return columns.mixture(expr.name);
  return undefined;
}

function describe(expr: Extract<Expr, { kind: "call" }>, args: readonly Bound[], columns: Columns) {
  const known = findScalar(expr.name);
  assert(known !== undefined, `there is no function '${expr.name}'`);
  const types = args.map(({ type }) => type);
  const literals = expr.args.map((arg) => (arg.kind === "literal" ? arg.text : undefined));
  const text = exprText(expr);
  const result = runResult(known.resultType(types, literals), expr.name, types);
  if (!isProblem(result) && result.kind !== "any") {
    return { known, call: { name: expr.name, text, types, result, literals } };
  }
  for (const arg of expr.args) {
    const mixture = mixtureIn(arg, columns);
    if (mixture !== undefined) throw valueError(text, mixture);
  }
  throw valueError(
    text,
    isProblem(result) ? result.problem : "its type does not show in the values",
  );
}

/** A struct that was found in values has the fields of one batch only: others are null in it. */
function runResult(answer: TypeAnswer, name: string, types: readonly DataType[]): TypeAnswer {
  if (isProblem(answer)) return name === "field" && isOpenStruct(types[0]!) ? nullType : answer;
  const ofNull = answer.kind === "any" && types.some(({ kind }) => kind === "null");
  return ofNull ? nullType : answer;
}

function bindCall(expr: Extract<Expr, { kind: "call" }>, columns: Columns): Bound {
  const plain = expr.args.map((arg) => bind(arg, columns));
  const { known, call } = describe(expr, plain, columns);
  const { result } = call;
  const propagates = known.nulls === "propagate";
  if (propagates && plain.some(({ type }) => type.kind === "null")) {
    return { type: result, canFail: false, run: (rows) => nullsOf(result, rows.count) };
  }
  if (expr.name === "field" && result.kind === "null") {
    return { type: nullType, canFail: false, run: (rows) => nullsOf(nullType, rows.count) };
  }
  const kernel = kernelOf(call);
  const wanted = plain.map(({ type }, index) => kernel.argTypes?.[index] ?? type);
  const args = plain.map((arg, index) => converted(arg, wanted[index]!, call.text));
  const canFail = kernel.canFail || args.some((arg) => arg.canFail);
  const mayNotFit = plain.some(
    ({ type }, index) => !sameType(type, wanted[index]!) && castCanFail(type, wanted[index]!),
  );
  const fitting = mayNotFit ? fittingOf(expr.name, propagates) : undefined;
  const compute = (rows: Rows) => {
    const vectors =
      fitting === undefined
        ? args.map((arg) => arg.run(rows))
        : fitting(plain, wanted, rows, call.text);
    if (vectors === undefined) return nullsOf(result, rows.count);
    return runKernel(kernel, vectors, rows.count, propagates, result);
  };
  // Aggregates are often over products that share a factor.
  const key = arithmetic.has(expr.name) ? JSON.stringify(expr) : undefined;
  const run = key === undefined ? compute : (rows: Rows) => rows.made(key, () => compute(rows));
  const exact = exactCall(expr.name, plain, result);
  return fused({ type: result, canFail, exact, run }, expr.name, plain);
}

/** How arguments that may not fit are converted; undefined where all of them have to. */
function fittingOf(name: string, propagates: boolean): FitArguments | undefined {
  if (propagates) return fittedTogether;
  return name === "isIn" || name === "eqOrBothNull" ? fittedToFirst : undefined;
}

function runKernel(
  kernel: Kernel,
  args: readonly Vector[],
  rows: number,
  propagates: boolean,
  result: DataType,
): Vector {
  const isConstant = rows > 0 && args.every((arg) => arg.constant);
  if (!propagates) {
    return isConstant
      ? asConstant(kernel.run(args, 1, undefined))
      : kernel.run(args, rows, undefined);
  }
  const valid = validOfAll(args, rows);
  if (valid === "none") return nullsOf(result, rows);
  return isConstant ? asConstant(kernel.run(args, 1, undefined)) : kernel.run(args, rows, valid);
}

/** The right side runs for rows that the left side leaves open, where a value could make it throw. */
function bindLogic(expr: Extract<Expr, { kind: "call" }>, columns: Columns): Bound {
  const [left, right] = expr.args.map((arg) => bind(arg, columns)) as [Bound, Bound];
  describe(expr, [left, right], columns);
  const isAnd = expr.name === "and";
  const combine = isAnd ? andVectors : orVectors;
  const run = (rows: Rows): Vector => {
    const first = left.run(rows);
    if (!right.canFail) return combine(first, right.run(rows), rows.count);
    const open = rowsWhere(first, rows.count, isAnd, true);
    if (open.length === rows.count) return combine(first, right.run(rows), rows.count);
    const second = expanded(right.run(rows.select(open)), open.length);
    const places = new Int32Array(rows.count).fill(-1);
    for (let i = 0; i < open.length; i++) places[open[i]!] = i;
    return combine(first, takeRows(second, places), rows.count);
  };
  const canFail = left.canFail || right.canFail;
  return fused({ type: boolType, canFail, run }, expr.name, [left, right]);
}

interface Piece {
  readonly rows: Int32Array;
  readonly values: Vector;
}

/** The pieces at their rows, null elsewhere. */
function assembled(type: DataType, count: number, pieces: readonly Piece[]): Vector {
  const [only] = pieces;
  if (pieces.length === 1 && only!.rows.length === count) return expanded(only!.values, count);
  const places = new Int32Array(count).fill(-1);
  const parts: Vector[] = [];
  let at = 0;
  for (const { rows, values } of pieces) {
    parts.push({ ...values, constant: false });
    for (let i = 0; i < rows.length; i++) places[rows[i]!] = values.constant ? at : at + i;
    at += values.length;
  }
  return takeRows(joinRows(type, parts), places);
}

function commonOf(text: string, bounds: readonly Bound[]): DataType {
  return bounds.reduce<DataType>((type, bound) => {
    const common = commonType(type, bound.type);
    if (common !== undefined) return common;
    throw valueError(
      text,
      `has results of the types ${typeText(type)} and ${typeText(bound.type)}`,
    );
  }, nullType);
}

/** `indices` of some of the `rows`, as indices of what those came from. */
function through(rows: Int32Array, indices: Int32Array): Int32Array {
  const out = new Int32Array(indices.length);
  for (let i = 0; i < out.length; i++) out[i] = rows[indices[i]!]!;
  return out;
}

function everyRow(count: number): Int32Array {
  const out = new Int32Array(count);
  for (let i = 0; i < count; i++) out[i] = i;
  return out;
}

/** Each branch runs for the rows that no earlier one took. */
function bindCase(expr: Extract<Expr, { kind: "case" }>, columns: Columns): Bound {
  const text = exprText(expr);
  const whens = expr.branches.map(({ when }) => bind(when, columns));
  const wrong = whens.find(({ type }) => type.kind !== "bool" && type.kind !== "null");
  if (wrong !== undefined)
    throw valueError(text, `a condition is ${typeText(wrong.type)}, not bool`);
  const results = expr.branches.map(({ result }) => bind(result, columns));
  const otherwise = expr.otherwise && bind(expr.otherwise, columns);
  const all = otherwise === undefined ? results : [...results, otherwise];
  const type = commonOf(text, all);
  const branches = results.map((result, index) => ({
    when: whens[index]!,
    result: converted(result, type, text),
  }));
  const last = otherwise && converted(otherwise, type, text);
  const run = (rows: Rows): Vector => {
    const pieces: Piece[] = [];
    let open = everyRow(rows.count);
    for (const { when, result } of branches) {
      if (open.length === 0) break;
      const some = rows.select(open);
      const condition = when.run(some);
      const hits = through(open, rowsWhere(condition, open.length, true, false));
      if (hits.length === 0) continue;
      pieces.push({ rows: hits, values: result.run(rows.select(hits)) });
      open = through(open, rowsWhere(condition, open.length, false, true));
    }
    if (last !== undefined && open.length > 0) {
      pieces.push({ rows: open, values: last.run(rows.select(open)) });
    }
    return assembled(type, rows.count, pieces);
  };
  const canFail = [...whens, ...all].some((bound) => bound.canFail);
  return { type, canFail, run };
}

/** Each argument runs for the rows where all before it are null. */
function bindCoalesce(expr: Extract<Expr, { kind: "call" }>, columns: Columns): Bound {
  const text = exprText(expr);
  const bounds = expr.args.map((arg) => bind(arg, columns));
  const type = commonOf(text, bounds);
  const args = bounds.map((bound) => converted(bound, type, text));
  const run = (rows: Rows): Vector => {
    const pieces: Piece[] = [];
    let open = everyRow(rows.count);
    for (const arg of args) {
      if (open.length === 0) break;
      const values = expanded(arg.run(rows.select(open)), open.length);
      pieces.push({ rows: open, values });
      const nulls: number[] = [];
      for (let i = 0; i < open.length; i++) if (!isValidAt(values, i)) nulls.push(i);
      open = through(open, Int32Array.from(nulls));
    }
    return assembled(type, rows.count, pieces);
  };
  return { type, canFail: args.some((arg) => arg.canFail), run };
}
