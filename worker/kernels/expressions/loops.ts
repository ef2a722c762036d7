// Loops over typed arrays, generated as JavaScript for each combination of operand forms.
//
// Generated, because one function that is handed arrays of several kinds, or a callback, is compiled once for
// all of them: measured 3 to 8 times slower than a function of its own for each. Bodies are constants of this
// folder; nothing of a user's text reaches the compiler.

import { AssertionError } from "../../../proto/errors.ts";
import { GeneratedLoops } from "../../../proto/kernels/generated-loops.ts";
import { halvesOf, isShort, type Vector } from "./vector.ts";

type Numbers = Float64Array | Int32Array | Uint8Array;

/** Returns the row at which the body failed, or -1. */
type Loop = (
  rows: number,
  a: Numbers,
  b: Numbers,
  out: Numbers,
  valid: Uint8Array | undefined,
) => number;

const compiled = new GeneratedLoops<Loop>();
const parameters = ["rows", "a", "b", "out", "valid"];

/** The variables that a body sees for one operand: `x`, or `xl` and `xh` of 64 bits. */
function load(name: string, array: string, vector: Vector): { hoisted: string; inner: string } {
  const at = (index: string) =>
    vector.form === "words"
      ? `const ${name}l = ${array}[2 * ${index}] >>> 0, ${name}h = ${array}[2 * ${index} + 1];`
      : `const ${name} = ${array}[${index}];`;
  return vector.constant ? { hoisted: at("0"), inner: "" } : { hoisted: "", inner: at("i") };
}

function shapeOf(vector: Vector): string {
  const width = vector.form === "number" && isShort(vector.type) ? "short" : "";
  return `${vector.form}${width}${vector.constant ? "1" : "n"}`;
}

function arrayOf(vector: Vector): Numbers {
  switch (vector.form) {
    case "number":
    case "bool":
      return vector.values;
    case "words":
      return halvesOf(vector.values);
    default:
      throw new AssertionError(`a loop over ${vector.form}`);
  }
}

/**
 * Runs `body` for each row. It reads `x` and `y` (`xl xh yl yh` of words of 64 bits), writes `out[i]` (or the
 * halves `out[2 * i]` and `out[2 * i + 1]`), and may say `fail` for a row that it cannot answer.
 * The answer is the first row with a value that failed, or -1.
 */
export function runLoop(
  body: string,
  operands: readonly [Vector] | readonly [Vector, Vector],
  out: Numbers,
  rows: number,
  valid?: Uint8Array,
): number {
  const [a, b] = operands;
  const key = `${shapeOf(a)} ${b === undefined ? "" : shapeOf(b)} ${out.constructor.name} ${body}`;
  const loop = compiled.get(key) ?? compiled.make(key, parameters, codeOf(body, a, b));
  const left = arrayOf(a);
  return loop(rows, left, b === undefined ? left : arrayOf(b), out, valid);
}

function codeOf(body: string, a: Vector, b: Vector | undefined): string {
  const x = load("x", "a", a);
  const y = b === undefined ? { hoisted: "", inner: "" } : load("y", "b", b);
  const failing = "{ if (valid === undefined || (valid[i >> 3] >> (i & 7)) & 1) return i; }";
  return `"use strict"; ${x.hoisted} ${y.hoisted}
    for (let i = 0; i < rows; i++) { ${x.inner} ${y.inner} ${body.replaceAll("fail;", failing)} }
    return -1;`;
}
