// Whole numbers and digits of decimals in loops over doubles, without a look at each value: how far from zero the
// columns of a batch reach tells, before the loop runs, whether all that comes out of it is exact.

import { reachOfWords } from "../../../proto/batch/known-reach.ts";
import { type DataType, decimalPrecisionMax } from "../../../proto/plan/types.ts";
import type { Bound } from "./bound.ts";
import { exactDoubles, unwrittenDoubles } from "./exact-doubles.ts";
import type { Numbers } from "./fuse.ts";
import { decimalOf, safeIntegerMax } from "./numeric.ts";
import { halvesOf, type Vector, wordsOf, wordsOfNumbers } from "./vector.ts";

type Decimal = Extract<DataType, { kind: "decimal" }>;

/** The value of one row as JavaScript over `operands`, as a formula of `fuse.ts` has it: a whole number. */
export interface ExactFormula {
  readonly operands: readonly Bound[];
  readonly type: DataType;
  /** Equal only for formulas that `write` the same, but for names. */
  readonly text: string;
  write(operand: (index: number) => string, lines: string[]): string;
  /**
   * How far from zero its values are at most, where those of its operands, from the one at `first` on, are known;
   * Infinity where a value, or one
   * on the way to it, might not be exact or not fit its type.
   */
  reach(operands: readonly Reach[], first: number): number;
}

interface Reach {
  readonly reach: number;
}

const exactKinds: ReadonlySet<DataType["kind"]> = new Set(["int32", "int53", "int64", "decimal"]);

/** Of a column or a literal. */
export function exactLeaf(bound: Bound): ExactFormula | undefined {
  if (!exactKinds.has(bound.type.kind)) return undefined;
  return {
    operands: [bound],
    type: bound.type,
    text: "x",
    write: (operand) => operand(0),
    reach: (operands, first) => within(operands[first]!.reach, safeIntegerMax),
  };
}

function within(reach: number, most: number): number {
  return reach <= most ? reach : Number.POSITIVE_INFINITY;
}

function largestOf(digits: number): number {
  return Math.min(safeIntegerMax, 10 ** digits - 1);
}

const signs: Readonly<Record<string, string>> = { add: "+", subtract: "-", multiply: "*" };

/** A product has the digits of both; others need those of one scale, which a type may have too few of. */
function aligned(formula: ExactFormula, name: string, result: Decimal): ExactFormula | undefined {
  if (name === "multiply") return formula;
  const { precision, scale } = decimalOf(formula.type);
  const shift = result.scale - scale;
  if (shift < 0) return undefined;
  const factor = 10 ** shift;
  const most = largestOf(Math.min(precision + shift, decimalPrecisionMax));
  return {
    ...formula,
    text: `${formula.text}*${factor}`,
    write: (operand, lines) => {
      const value = formula.write(operand, lines);
      return factor === 1 ? value : `${value} * ${factor}`;
    },
    reach: (operands, first) => within(formula.reach(operands, first) * factor, most),
  };
}

/** A sum, difference or product that is a decimal. */
export function exactCall(
  name: string,
  args: readonly Bound[],
  result: DataType,
): ExactFormula | undefined {
  const sign = signs[name];
  if (sign === undefined || result.kind !== "decimal") return undefined;
  const [x, y] = args.map(({ exact }) => exact && aligned(exact, name, result));
  if (x === undefined || y === undefined) return undefined;
  const inY = x.operands.length;
  return {
    operands: [...x.operands, ...y.operands],
    type: result,
    text: `(${x.text} ${sign} ${y.text})`,
    write: (operand, lines) => {
      const left = x.write(operand, lines);
      const right = y.write((index) => operand(inY + index), lines);
      const value = `v${lines.length}`;
      lines.push(`const ${value} = ${left} ${sign} ${right};`);
      return value;
    },
    reach: (operands, first) => {
      const left = x.reach(operands, first);
      const right = y.reach(operands, first + inY);
      return within(name === "multiply" ? left * right : left + right, largestOf(result.precision));
    },
  };
}

/** What a loop reads for an operand. */
export interface ExactOperand {
  readonly numbers: Numbers;
  /** Set where two halves of 32 bits, or four, are a number: so many of them. */
  readonly halves: 0 | 2 | 4;
  /** How far from zero they are at most. */
  readonly reach: number;
}

/** Of each vector once. */
const known = new WeakMap<Vector, ExactOperand | undefined>();

/** Undefined of a vector whose values are not exact as doubles. */
export function exactOperand(vector: Vector): ExactOperand | undefined {
  if (!known.has(vector)) known.set(vector, operandOf(vector));
  return known.get(vector);
}

function operandOf(vector: Vector): ExactOperand | undefined {
  const doubles = unwrittenDoubles(vector);
  const behind = vector.form === "words" ? vector.values : wordsOfNumbers(vector);
  if (doubles === undefined && behind !== undefined) {
    const halves = halvesOf(behind);
    const each = vector.form === "words" ? wordsOf(vector.type) : 1;
    const reach = each === 1 ? reachOfWords(behind) : reachOfWideWords(halves);
    return reach > safeIntegerMax
      ? undefined
      : { numbers: halves, halves: each === 1 ? 2 : 4, reach };
  }
  const numbers = doubles ?? exactDoubles(vector);
  return numbers && { numbers, halves: 0, reach: reachOf(numbers) };
}

function reachOf(numbers: Float64Array | Int32Array): number {
  if (numbers instanceof Int32Array) return 2 ** 31;
  let most = 0;
  for (let i = 0; i < numbers.length; i++) {
    const distance = Math.abs(numbers[i]!);
    if (distance > most) most = distance;
  }
  return most;
}

function reachOfWideWords(halves: Int32Array): number {
  let lower = 0;
  let upper = 0;
  let beyond = 0;
  for (let i = 0; i < halves.length; i += 4) {
    const sign = halves[i + 1]! >> 31;
    lower |= halves[i]! ^ sign;
    upper |= halves[i + 1]! ^ sign;
    beyond |= (halves[i + 2]! ^ sign) | (halves[i + 3]! ^ sign);
  }
  if (beyond !== 0) return Number.POSITIVE_INFINITY;
  return upper * 4_294_967_296 + (lower >>> 0) + 1;
}

/** How a loop reads `array` at `index`. */
export function readOf({ halves, reach }: ExactOperand, array: string, index: string): string {
  if (halves === 0) return `${array}[${index}]`;
  const at = `${halves} * ${index}`;
  // Then the lower half is the number.
  if (reach <= 2 ** 31) return `${array}[${at}]`;
  return `${array}[${at} + 1] * 4294967296 + (${array}[${at}] >>> 0)`;
}
