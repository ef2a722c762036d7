// Comparisons, by one loop for each form of column. NaN equals NaN and comes last; -0 equals 0.

import { boolType, commonType, type DataType } from "../../../proto/plan/types.ts";
import { compareRaw } from "./compare-raw.ts";
import { exactDoubles } from "./exact-doubles.ts";
import type { Call, Kernel } from "./kernel.ts";
import { runLoop } from "./loops.ts";
import { bigintAt } from "./numeric.ts";
import { rawAt } from "./raw.ts";
import { compareText, textEquals } from "./text-compare.ts";
import {
  boolVector,
  type NumberVector,
  numberVector,
  type TextVector,
  type Vector,
  wordsOf,
} from "./vector.ts";

export type Comparison = "eq" | "ne" | "lt" | "le" | "gt" | "ge";

const ofWhole: Readonly<Record<Comparison, string>> = {
  eq: "x === y",
  ne: "x !== y",
  lt: "x < y",
  le: "x <= y",
  gt: "x > y",
  ge: "x >= y",
};

const ofDouble: Readonly<Record<Comparison, string>> = {
  eq: "x === y || (x !== x && y !== y)",
  ne: "x !== y && (x === x || y === y)",
  lt: "x < y || (y !== y && x === x)",
  le: "x <= y || y !== y",
  gt: "x > y || (x !== x && y === y)",
  ge: "x >= y || x !== x",
};

/** Beside a number that is not NaN: one comparison, which the processor turns into a bit. */
const ofDoubleAndNumber: Readonly<Record<Comparison, string>> = {
  eq: "x === y",
  ne: "x !== y",
  lt: "x < y",
  le: "x <= y",
  gt: "!(x <= y)",
  ge: "!(x < y)",
};

function doubleCondition(name: Comparison, right: NumberVector): string {
  const isNumber = right.constant && !Number.isNaN(right.values[0]!);
  return isNumber ? ofDoubleAndNumber[name] : ofDouble[name];
}

const ofWords: Readonly<Record<Comparison, string>> = {
  eq: "xl === yl && xh === yh",
  ne: "xl !== yl || xh !== yh",
  lt: "xh < yh || (xh === yh && xl < yl)",
  le: "xh < yh || (xh === yh && xl <= yl)",
  gt: "xh > yh || (xh === yh && xl > yl)",
  ge: "xh > yh || (xh === yh && xl >= yl)",
};

export function isComparison(name: string): name is Comparison {
  return Object.hasOwn(ofWhole, name);
}

/** The condition as JavaScript over two names of numbers. `number`: the right one is never NaN. */
export function conditionOf(
  name: Comparison,
  kind: "whole" | "double" | "number",
  x: string,
  y: string,
): string {
  const names: Readonly<Record<string, string>> = { x, y };
  const bodies = { whole: ofWhole, double: ofDouble, number: ofDoubleAndNumber };
  return bodies[kind][name].replace(/\b[xy]\b/g, (each) => names[each]!);
}

const ofOrder: Readonly<Record<Comparison, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
};

function byOrder(
  name: Comparison,
  out: Uint8Array,
  orderAt: (row: number) => number,
  valid: Uint8Array | undefined,
): void {
  const holds = ofOrder[name];
  for (let i = 0; i < out.length; i++) {
    if (valid !== undefined && ((valid[i >> 3]! >> (i & 7)) & 1) === 0) continue;
    out[i] = holds(orderAt(i)) ? 1 : 0;
  }
}

/** False where a value of the decimals is not exact as a double. */
function compareDoubles(name: Comparison, left: Vector, right: Vector, out: Uint8Array): boolean {
  const type: DataType = { kind: "int53" };
  const [x, y] = [left, right].map((vector) => {
    const doubles = exactDoubles(vector);
    if (doubles === undefined) return undefined;
    return { ...numberVector(type, doubles, undefined), constant: vector.constant };
  });
  if (x === undefined || y === undefined) return false;
  runLoop(`out[i] = ${ofWhole[name]} ? 1 : 0;`, [x, y], out, out.length);
  return true;
}

/** Bytes of 0 or 1 for the slots of two vectors of one type; what stands at nulls means nothing. */
export function compareBytes(
  name: Comparison,
  left: Vector,
  right: Vector,
  rows: number,
  valid: Uint8Array | undefined,
): Uint8Array {
  const out = new Uint8Array(rows);
  const loop = (condition: string) => {
    runLoop(`out[i] = ${condition} ? 1 : 0;`, [left, right], out, rows);
  };
  switch (left.form) {
    case "number":
      loop(
        left.type.kind === "float64" ? doubleCondition(name, right as NumberVector) : ofWhole[name],
      );
      break;
    case "bool":
      loop(ofWhole[name]);
      break;
    case "words":
      if (wordsOf(left.type) === 1) loop(ofWords[name]);
      else if (!compareDoubles(name, left, right, out)) {
        byOrder(
          name,
          out,
          (row) => {
            const [a, b] = [bigintAt(left, row), bigintAt(right, row)];
            return a < b ? -1 : a > b ? 1 : 0;
          },
          valid,
        );
      }
      break;
    case "text":
      if (left.type.kind === "json") {
        byOrder(name, out, (row) => compareRaw(rawAt(left, row), rawAt(right, row)), valid);
      } else if (name === "eq" || name === "ne") {
        textEquals(left, right as TextVector, out, name === "ne");
      } else byOrder(name, out, compareText(left, right as TextVector), valid);
      break;
    case "list":
    case "struct":
      byOrder(name, out, (row) => compareRaw(rawAt(left, row), rawAt(right, row)), valid);
      break;
    case "null":
      break;
  }
  return out;
}

/** What both sides become before they are compared; decimals get one scale, and numbers one width. */
export function comparedType(left: DataType, right: DataType): DataType {
  return commonType(left, right) ?? left;
}

export function comparisonKernel(name: Comparison, { types }: Call): Kernel {
  const type = comparedType(types[0]!, types[1]!);
  return {
    argTypes: [type, type],
    canFail: false,
    run: (args, rows, valid) =>
      boolVector(boolType, compareBytes(name, args[0]!, args[1]!, rows, valid), valid),
  };
}
