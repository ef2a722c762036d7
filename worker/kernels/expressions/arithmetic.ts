// Arithmetic. Whole numbers of 53 bits are computed as doubles, which are exact below 2^53; those of 64 bits
// by halves, with bigints only where a product or quotient needs them.

import { writeDecimal } from "../../../proto/batch/decimal.ts";
import { EngineError } from "../../../proto/errors.ts";
import { type DataType, decimalType, typeText } from "../../../proto/plan/types.ts";
import { castVector } from "./cast.ts";
import { exactDoubles, wordsOfDoubles } from "./exact-doubles.ts";
import { type Call, type Kernel, valueError } from "./kernel.ts";
import { runLoop } from "./loops.ts";
import { bigintAt, decimalOf, powerOfTen, safeIntegerMax } from "./numeric.ts";
import { rawAt } from "./raw.ts";
import {
  formOf,
  halvesOf,
  isShort,
  isValidAt,
  numberVector,
  type Vector,
  wordsOf,
  wordVector,
} from "./vector.ts";

type Decimal = ReturnType<typeof decimalOf>;

export type Arithmetic = "add" | "subtract" | "multiply" | "modulo";

const sign: Readonly<Record<Arithmetic, string>> = {
  add: "+",
  subtract: "-",
  multiply: "*",
  modulo: "%",
};

function failure(call: Call, args: readonly Vector[], row: number, problem: string) {
  const shown = args.map((arg) => {
    const raw = rawAt(arg, row);
    const { type } = arg;
    return type.kind === "decimal" ? `${raw}e-${type.scale}` : String(raw);
  });
  return valueError(call.text, `${call.name}(${shown.join(", ")}) ${problem}`);
}

function overflow(call: Call, args: readonly Vector[], row: number) {
  const zero = call.name === "modulo" && Number(rawAt(args[1]!, row)) === 0;
  if (zero) return failure(call, args, row, "divides by zero; guard it with a condition");
  return failure(
    call,
    args,
    row,
    `does not fit ${typeText(call.result)}; cast an argument to a wider type`,
  );
}

const checked = `if (v > ${safeIntegerMax} || v < -${safeIntegerMax}) fail;`;

/** `+ 0` turns the -0 of doubles into the 0 of whole numbers. */
function wholeBody(name: Arithmetic, short: boolean): string {
  if (name === "modulo") return "if (y === 0) fail; out[i] = x % y + 0;";
  const value = `const v = x ${sign[name]} y + 0; out[i] = v;`;
  return short && name !== "multiply" ? value : value + checked;
}

function wholeKernel(name: Arithmetic, call: Call): Kernel {
  const short = call.types.every(isShort);
  const body = wholeBody(name, short);
  return {
    canFail: !short || name === "multiply" || name === "modulo",
    run: (args, rows, valid) => {
      const out = new Float64Array(rows);
      const failed = runLoop(body, [args[0]!, args[1]!], out, rows, valid);
      if (failed >= 0) throw overflow(call, args, failed);
      return numberVector(call.result, out, valid);
    },
  };
}

function doubleKernel(name: Arithmetic | "divide"): Kernel {
  const type: DataType = { kind: "float64" };
  const body = `out[i] = x ${name === "divide" ? "/" : sign[name]} y;`;
  return {
    argTypes: [type, type],
    canFail: false,
    run: (args, rows, valid) => {
      const out = new Float64Array(rows);
      runLoop(body, [args[0]!, args[1]!], out, rows);
      return numberVector(type, out, valid);
    },
  };
}

/** Sums and differences of halves; the sign of the upper half tells an overflow. */
const wordBodies: Readonly<Record<"add" | "subtract", string>> = {
  add: `const l = xl + yl, h = xh + yh + (l > 4294967295 ? 1 : 0);
    out[2 * i] = l; out[2 * i + 1] = h; if (h > 2147483647 || h < -2147483648) fail;`,
  subtract: `const l = xl - yl, h = xh - yh - (l < 0 ? 1 : 0);
    out[2 * i] = l; out[2 * i + 1] = h; if (h > 2147483647 || h < -2147483648) fail;`,
};

/** Products and remainders of numbers below 2^53, as doubles; others fail, and are done as bigints. */
const safe = `const p = xh * 4294967296 + xl, q = yh * 4294967296 + yl;
  if (xh >= 2097152 || xh < -2097151 || yh >= 2097152 || yh < -2097151) fail;`;
const store =
  "const h = Math.floor(v / 4294967296); out[2 * i] = v - h * 4294967296; out[2 * i + 1] = h;";
const smallBodies: Readonly<Record<"multiply" | "modulo", string>> = {
  multiply: `${safe} const v = p * q; if (v > ${safeIntegerMax} || v < -${safeIntegerMax}) fail; ${store}`,
  modulo: `${safe} if (q === 0) fail; const v = p % q; ${store}`,
};

function exact(name: Arithmetic, left: bigint, right: bigint): bigint | undefined {
  switch (name) {
    case "add":
      return left + right;
    case "subtract":
      return left - right;
    case "multiply":
      return left * right;
    case "modulo":
      return right === 0n ? undefined : left % right;
  }
}

function byBigint(
  name: Arithmetic,
  call: Call,
  args: readonly Vector[],
  rows: number,
  valid: Uint8Array | undefined,
  limit: bigint,
  factors: readonly [bigint, bigint] = [1n, 1n],
): BigInt64Array {
  const words = wordsOf(call.result);
  const out = new BigInt64Array(rows * words);
  const lowest = call.result.kind === "int64" ? -limit : 1n - limit;
  for (let i = 0; i < rows; i++) {
    if (valid !== undefined && ((valid[i >> 3]! >> (i & 7)) & 1) === 0) continue;
    const left = bigintAt(args[0]!, i) * factors[0];
    const value = exact(name, left, bigintAt(args[1]!, i) * factors[1]);
    if (value === undefined || value >= limit || value < lowest) throw overflow(call, args, i);
    writeDecimal(out, words, i, value);
  }
  return out;
}

/** Digits of decimals that are all exact as doubles, and so are the results; undefined where one may not be. */
function byDoubles(
  name: Arithmetic,
  { precision }: Decimal,
  args: readonly Vector[],
  rows: number,
  valid: Uint8Array | undefined,
): Float64Array | undefined {
  const [left, right] = args.map((arg) => {
    const doubles = exactDoubles(arg);
    const type: DataType = doubles instanceof Int32Array ? { kind: "int32" } : { kind: "int53" };
    return doubles && { ...numberVector(type, doubles, arg.valid), constant: arg.constant };
  });
  if (left === undefined || right === undefined) return undefined;
  const max = Math.min(safeIntegerMax, 10 ** precision - 1);
  const zero = name === "modulo" ? "if (y === 0) fail; " : "";
  const body = `${zero}const v = x ${sign[name]} y + 0; out[i] = v; if (v > ${max} || v < -${max}) fail;`;
  const out = new Float64Array(rows);
  return runLoop(body, [left, right], out, rows, valid) < 0 ? out : undefined;
}

function wordKernel(name: Arithmetic, call: Call): Kernel {
  const type = call.result;
  return {
    argTypes: [type, type],
    canFail: true,
    run: (args, rows, valid) => {
      const out = new BigInt64Array(rows);
      const isSum = name === "add" || name === "subtract";
      const body = isSum ? wordBodies[name] : smallBodies[name];
      const failed = runLoop(body, [args[0]!, args[1]!], halvesOf(out), rows, valid);
      if (failed < 0) return wordVector(type, out, valid);
      if (isSum) throw overflow(call, args, failed);
      return wordVector(type, byBigint(name, call, args, rows, valid, 1n << 63n), valid);
    },
  };
}

/** Sums need one scale on both sides; a product has the scales of both, so that nothing is rounded. */
function decimalKernel(name: Arithmetic, call: Call): Kernel {
  const result = decimalOf(call.result);
  const own = call.types.map(decimalOf);
  if (name === "multiply") {
    const exactScale = own[0]!.scale + own[1]!.scale;
    if (exactScale > result.scale) {
      const message = `the product has ${exactScale} digits after the point, at most 38`;
      throw valueError(call.text, message);
    }
    return scaledKernel(name, call, own);
  }
  const digits = own.map(({ precision, scale }) => precision - scale + result.scale);
  if (digits.some((count) => count > digitsMax)) return wideKernel(name, call, own);
  return scaledKernel(
    name,
    call,
    digits.map((count) => decimalType(count, result.scale) as Decimal),
  );
}

/** Of a decimal. */
const digitsMax = 38;

/** Where arguments of one scale might have too many digits, though what comes out of them has not. */
function wideKernel(name: Arithmetic, call: Call, own: readonly Decimal[]): Kernel {
  const result = decimalOf(call.result);
  const type = decimalType(digitsMax, result.scale) as Decimal;
  const [left, right] = own.map(({ scale }) => 10n ** BigInt(result.scale - scale));
  const scaled = scaledKernel(name, call, [type, type]);
  return {
    argTypes: own,
    canFail: true,
    run: (args, rows, valid) => {
      const fitting = fittingVectors(args, type, valid, call.text);
      if (fitting !== undefined) return scaled.run(fitting, rows, valid);
      const limit = powerOfTen(result.precision);
      const out = byBigint(name, call, args, rows, valid, limit, [left!, right!]);
      return digitsVector(result, out, valid);
    },
  };
}

/** Undefined where a value has too many digits. */
function fittingVectors(
  args: readonly Vector[],
  type: Decimal,
  valid: Uint8Array | undefined,
  text: string,
): readonly Vector[] | undefined {
  try {
    return args.map((arg) =>
      castVector(arg.constant ? arg : { ...arg, valid }, type, "error", text),
    );
  } catch (thrown) {
    if (thrown instanceof EngineError && thrown.code === "VALUE_UNSUPPORTED") return undefined;
    throw thrown;
  }
}

function digitsVector(type: Decimal, digits: BigInt64Array, valid: Uint8Array | undefined): Vector {
  if (formOf(type) === "words") return wordVector(type, digits, valid);
  return numberVector(type, Float64Array.from(digits, Number), valid);
}

function scaledKernel(name: Arithmetic, call: Call, argTypes: readonly Decimal[]): Kernel {
  const result = decimalOf(call.result);
  const small = [...argTypes, result].every((type) => formOf(type) === "number");
  const limit = powerOfTen(result.precision);
  return {
    argTypes,
    canFail: !small || name === "modulo",
    run: (args, rows, valid) => {
      if (small) {
        const body = name === "modulo" ? wholeBody(name, true) : `out[i] = x ${sign[name]} y + 0;`;
        const out = new Float64Array(rows);
        const failed = runLoop(body, [args[0]!, args[1]!], out, rows, valid);
        if (failed >= 0) throw overflow(call, args, failed);
        return numberVector(result, out, valid);
      }
      const doubles = byDoubles(name, result, args, rows, valid);
      if (doubles !== undefined && formOf(result) === "number") {
        return numberVector(result, doubles, valid);
      }
      if (doubles !== undefined) return wordsOfDoubles(result, doubles, valid);
      return digitsVector(result, byBigint(name, call, args, rows, valid, limit), valid);
    },
  };
}

export function arithmeticKernel(name: Arithmetic, call: Call): Kernel {
  switch (call.result.kind) {
    case "float64":
      return doubleKernel(name);
    case "int64":
      return wordKernel(name, call);
    case "decimal":
      return decimalKernel(name, call);
    default:
      return wholeKernel(name, call);
  }
}

export function divideKernel(): Kernel {
  return doubleKernel("divide");
}

/** `negate` and `abs`. */
export function signKernel(name: "negate" | "abs", call: Call): Kernel {
  const { result } = call;
  const isNegate = name === "negate";
  if (formOf(result) === "number") {
    const isFloat = result.kind === "float64";
    const negated = isFloat ? "out[i] = -x;" : "out[i] = 0 - x;";
    return {
      canFail: false,
      run: ([arg], rows, valid) => {
        const out = new Float64Array(rows);
        runLoop(isNegate ? negated : "out[i] = x < 0 ? -x : x + 0;", [arg!], out, rows);
        return numberVector(result, out, valid);
      },
    };
  }
  return {
    canFail: result.kind === "int64",
    run: (args, rows, valid) => {
      const words = wordsOf(result);
      const out = new BigInt64Array(rows * words);
      for (let i = 0; i < rows; i++) {
        if (!isValidAt(args[0]!, i)) continue;
        const value = bigintAt(args[0]!, i);
        const turned = isNegate || value < 0n ? -value : value;
        if (result.kind === "int64" && turned === 1n << 63n) throw overflow(call, args, i);
        writeDecimal(out, words, i, turned);
      }
      return wordVector(result, out, valid);
    },
  };
}
