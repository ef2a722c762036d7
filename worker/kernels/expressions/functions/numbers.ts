// Kernels of functions of numbers beside arithmetic.

import {
  boolType,
  float64Type,
  int32Type,
  int53Type,
  typeText,
} from "../../../../proto/plan/types.ts";
import { divideHalfUp } from "../cast-value.ts";
import { type Call, type Kernel, type MakeKernel, valueError } from "../kernel.ts";
import { runLoop } from "../loops.ts";
import { bigintAt, widened } from "../numeric.ts";
import { rowwise } from "../rowwise.ts";
import { boolVector, halvesOf, isShort, numberVector, wordVector } from "../vector.ts";

/** A double of a double. */
function ofDouble(body: string): MakeKernel {
  return () => ({
    argTypes: [float64Type, float64Type],
    canFail: false,
    run: (args, rows, valid) => {
      const out = new Float64Array(rows);
      const operands = args.length === 1 ? ([args[0]!] as const) : ([args[0]!, args[1]!] as const);
      runLoop(`out[i] = ${body};`, operands, out, rows);
      return numberVector(float64Type, out, valid);
    },
  });
}

function test(body: string, ofWhole: 0 | 1): MakeKernel {
  return () => ({
    canFail: false,
    run: ([arg], rows, valid) => {
      const out = new Uint8Array(rows).fill(ofWhole);
      if (arg!.type.kind === "float64") runLoop(`out[i] = ${body} ? 1 : 0;`, [arg!], out, rows);
      return boolVector(boolType, out, valid);
    },
  });
}

type Rounding = "round" | "floor" | "ceil" | "trunc";

/** `value / unit` as a whole number, times `unit`. */
function roundedTo(name: Rounding, value: bigint, unit: bigint): bigint {
  if (name === "round") return divideHalfUp(value, unit) * unit;
  const cut = (value / unit) * unit;
  if (cut === value || name === "trunc") return cut;
  if (name === "floor") return value < 0n ? cut - unit : cut;
  return value > 0n ? cut + unit : cut;
}

const doubleBodies: Readonly<Record<Rounding, string>> = {
  round: "x < 0 ? -Math.round(-x) : Math.round(x)",
  floor: "Math.floor(x)",
  ceil: "Math.ceil(x)",
  trunc: "Math.trunc(x)",
};

/** Halves away from zero. What is too large to be scaled has no digits to round. */
export function roundDouble(value: number, digits: number): number {
  if (!Number.isFinite(value)) return value;
  const size = Math.abs(value);
  const factor = 10 ** Math.min(Math.abs(digits), 308);
  const scaled = digits < 0 ? size / factor : size * factor;
  if (!Number.isFinite(scaled)) return value;
  const rounded = digits < 0 ? Math.round(scaled) * factor : Math.round(scaled) / factor;
  return value < 0 ? -rounded : rounded;
}

function rounding(name: Rounding, call: Call): Kernel {
  const type = call.types[0]!;
  const hasDigits = call.types.length > 1;
  if (type.kind === "float64") {
    if (!hasDigits) return { ...ofDouble(doubleBodies[name])(call), argTypes: [float64Type] };
    return rowwise(call, roundDouble, { argTypes: [float64Type, int53Type] });
  }
  const digits = call.literals[1];
  const isWhole = type.kind !== "decimal";
  const keepsAll = !hasDigits || (typeof digits === "string" && Number(digits) >= 0);
  if (isWhole && keepsAll) {
    return {
      canFail: false,
      run: ([arg]) => ({ ...widened(arg!, call.result, call.text), constant: false }),
    };
  }
  const scale = type.kind === "decimal" ? type.scale : 0;
  const round = (value: number | bigint, wanted = 0) => {
    const drop = scale - Math.min(wanted, scale);
    const exact = BigInt(value);
    const rounded = drop > 60 ? 0n : roundedTo(name, exact, 10n ** BigInt(drop));
    checkFits(call, rounded);
    return isWhole && type.kind !== "int64" ? Number(rounded) : rounded;
  };
  return rowwise(call, round, { argTypes: [undefined, int53Type], canFail: true });
}

function checkFits(call: Call, value: bigint): void {
  const { result } = call;
  const limit =
    result.kind === "decimal"
      ? 10n ** BigInt(result.precision)
      : result.kind === "int64"
        ? 1n << 63n
        : 1n << 53n;
  if (value < limit && value > -limit) return;
  throw valueError(call.text, `${value} does not fit ${typeText(result)}`);
}

function sign(call: Call): Kernel {
  if (call.result.kind === "float64") {
    return ofDouble("x > 0 ? 1 : x < 0 ? -1 : x !== x ? x : 0")(call);
  }
  return {
    canFail: false,
    run: ([arg], rows, valid) => {
      const out = new Int32Array(rows);
      if (arg!.form === "number")
        runLoop("out[i] = x > 0 ? 1 : x < 0 ? -1 : 0;", [arg!], out, rows);
      else {
        for (let i = 0; i < rows; i++) {
          const value = bigintAt(arg!, i);
          out[i] = value > 0n ? 1 : value < 0n ? -1 : 0;
        }
      }
      return numberVector(int32Type, out, valid);
    },
  };
}

function bits(operator: "&" | "|" | "^"): MakeKernel {
  return ({ result }) => ({
    argTypes: [result, result],
    canFail: false,
    run: (args, rows, valid) => {
      const operands = [args[0]!, args[1]!] as const;
      if (isShort(result)) {
        const out = new Int32Array(rows);
        runLoop(`out[i] = x ${operator} y;`, operands, out, rows);
        return numberVector(result, out, valid);
      }
      const out = new BigInt64Array(rows);
      const body = `out[2 * i] = xl ${operator} yl; out[2 * i + 1] = xh ${operator} yh;`;
      runLoop(body, operands, halvesOf(out), rows);
      return wordVector(result, out, valid);
    },
  });
}

/** Powers differ from ECMAScript's in nothing; SQL calls 1 to the power of NaN NaN as well. */
const power = "Math.pow(x, y)";

export const numberKernels = {
  round: (call) => rounding("round", call),
  floor: (call) => rounding("floor", call),
  ceil: (call) => rounding("ceil", call),
  trunc: (call) => rounding("trunc", call),
  sign,
  sqrt: ofDouble("Math.sqrt(x)"),
  cbrt: ofDouble("Math.cbrt(x)"),
  exp: ofDouble("Math.exp(x)"),
  ln: ofDouble("Math.log(x)"),
  log10: ofDouble("Math.log10(x)"),
  log2: ofDouble("Math.log2(x)"),
  pow: ofDouble(power),
  sin: ofDouble("Math.sin(x)"),
  cos: ofDouble("Math.cos(x)"),
  tan: ofDouble("Math.tan(x)"),
  asin: ofDouble("Math.asin(x)"),
  acos: ofDouble("Math.acos(x)"),
  atan: ofDouble("Math.atan(x)"),
  atan2: ofDouble("Math.atan2(x, y)"),
  degrees: ofDouble("x * (180 / Math.PI)"),
  radians: ofDouble("x * (Math.PI / 180)"),
  isNaN: test("x !== x", 0),
  isFinite: test("x - x === 0", 1),
  bitAnd: bits("&"),
  bitOr: bits("|"),
  bitXor: bits("^"),
} satisfies Record<string, MakeKernel>;
