// Numbers: exact by bigints, else by JavaScript's own doubles. Choices between values.

import { commonType, type DataType, typeText } from "../../../proto/plan/types.ts";
import { compareValues } from "../value-order.ts";
import { castRaw } from "./cast-raw.ts";
import { floatOf, type PlainCall, type PlainFunction, wholeOf } from "./plain-call.ts";
import { type Raw, unanswerable } from "./raw-values.ts";

/** A whole number of 10^-scale; whole numbers have the scale 0. */
interface Exact {
  readonly digits: bigint;
  readonly scale: number;
}

function exactOf(raw: Raw, type: DataType): Exact {
  return { digits: BigInt(raw as bigint), scale: type.kind === "decimal" ? type.scale : 0 };
}

function power(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

function inResult(call: PlainCall, digits: bigint): Raw {
  const { result } = call;
  const limit =
    result.kind === "decimal"
      ? power(result.precision)
      : 2n ** (result.kind === "int64" ? 63n : 53n);
  const isLowest = result.kind === "int64" && digits === -limit;
  if ((digits >= limit || digits <= -limit) && !isLowest) {
    throw unanswerable(call.text, `${digits} does not fit ${typeText(result)}`);
  }
  return result.kind === "int64" || result.kind === "decimal" ? digits : Number(digits);
}

/** Both sides at the larger scale; a side must fit the digits that the engine widens it to. */
function exactSum(
  call: PlainCall,
  args: readonly Raw[],
  by: (a: bigint, b: bigint) => bigint,
): Raw {
  const both = args.map((raw, index) => exactOf(raw, call.types[index]!));
  const scale = Math.max(...both.map((side) => side.scale));
  const [left, right] = both.map((side) => side.digits * power(scale - side.scale));
  return inResult(call, by(left!, right!));
}

function arithmetic(
  byDouble: (a: number, b: number) => number,
  byExact: (a: bigint, b: bigint) => bigint,
): PlainFunction {
  return (call, args) => {
    if (call.result.kind === "float64")
      return byDouble(floatOf(call, args, 0), floatOf(call, args, 1));
    return exactSum(call, args, byExact);
  };
}

const multiply: PlainFunction = (call, args) => {
  if (call.result.kind === "float64") return floatOf(call, args, 0) * floatOf(call, args, 1);
  const [left, right] = args.map((raw) => BigInt(raw as bigint));
  return inResult(call, left! * right!);
};

const modulo: PlainFunction = (call, args) => {
  if (call.result.kind === "float64") return floatOf(call, args, 0) % floatOf(call, args, 1);
  return exactSum(call, args, (a, b) => {
    if (b === 0n) throw unanswerable(call.text, "divides by zero");
    return a % b;
  });
};

const ofDouble = (compute: (...args: number[]) => number): PlainFunction => {
  return (call, args) => compute(...args.map((_, index) => floatOf(call, args, index)));
};

function roundHalfAway(value: number): number {
  const size = Math.abs(value);
  const cut = Math.floor(size);
  const rounded = size - cut >= 0.5 ? cut + 1 : cut;
  return value < 0 ? -rounded : rounded;
}

function roundedDouble(value: number, digits: number): number {
  const size = Math.min(Math.abs(digits), 308);
  const unit = Number(`1e${size}`);
  const scaled = digits < 0 ? value / unit : value * unit;
  if (!Number.isFinite(scaled)) return value;
  return digits < 0 ? roundHalfAway(scaled) * unit : roundHalfAway(scaled) / unit;
}

type Rounding = (parts: {
  readonly cut: bigint;
  readonly rest: bigint;
  readonly unit: bigint;
}) => bigint;

/** Of a number that is `cut` units and a rest with the same sign. */
const roundings = {
  round: ({ cut, rest, unit }) => {
    if (2n * (rest < 0n ? -rest : rest) < unit) return cut;
    return rest < 0n ? cut - 1n : cut + 1n;
  },
  floor: ({ cut, rest }) => (rest < 0n ? cut - 1n : cut),
  ceil: ({ cut, rest }) => (rest > 0n ? cut + 1n : cut),
  trunc: ({ cut }) => cut,
} satisfies Record<string, Rounding>;

const doubleRoundings = { floor: Math.floor, ceil: Math.ceil, trunc: Math.trunc };

function rounding(name: keyof typeof roundings): PlainFunction {
  return (call, args) => {
    const [type] = call.types;
    const digits = wholeOf(call, args, 1) ?? 0;
    if (type!.kind === "float64") {
      if (name !== "round") return doubleRoundings[name](args[0] as number);
      return roundedDouble(args[0] as number, digits);
    }
    const exact = exactOf(args[0], type!);
    if (digits >= exact.scale) return inResult(call, exact.digits);
    const unit = power(Math.min(exact.scale - digits, 80));
    const parts = { cut: exact.digits / unit, rest: exact.digits % unit, unit };
    return inResult(call, roundings[name](parts) * unit);
  };
}

const bits = (compute: (a: bigint, b: bigint) => bigint): PlainFunction => {
  return (call, args) => {
    const [left, right] = args.map((raw) => BigInt(raw as number));
    const value = compute(left!, right!);
    return call.result.kind === "int64" ? value : Number(value);
  };
};

function extreme(sign: 1 | -1): PlainFunction {
  return (call, args) => {
    const values = args
      .map((raw, index) => castRaw(raw, call.types[index]!, call.result, "error", call.text))
      .filter((raw) => raw !== null);
    if (values.length === 0) return null;
    return values.reduce((best, next) => (sign * compareValues(next, best) > 0 ? next : best));
  };
}

/** Whether two values are equal as one type of all arguments; null where one is null. */
function equals(call: PlainCall, args: readonly Raw[], i: number, k: number): boolean | null {
  if (args[i] === null || args[k] === null) return null;
  const type = call.types.reduce((common, next) => commonType(common, next) ?? common);
  const as = (index: number) => castRaw(args[index], call.types[index]!, type, "error", call.text);
  return compareValues(as(i), as(k)) === 0;
}

export const numberFunctions: Readonly<Record<string, PlainFunction>> = {
  add: arithmetic(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  subtract: arithmetic(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  multiply,
  modulo,
  divide: ofDouble((a, b) => a! / b!),
  negate: (call, args) =>
    call.result.kind === "float64"
      ? -(args[0] as number)
      : inResult(call, -BigInt(args[0] as number)),
  abs: (call, args) => {
    if (call.result.kind === "float64") return Math.abs(args[0] as number);
    const exact = BigInt(args[0] as number);
    return inResult(call, exact < 0n ? -exact : exact);
  },
  round: rounding("round"),
  floor: rounding("floor"),
  ceil: rounding("ceil"),
  trunc: rounding("trunc"),
  sign: (call, args) => {
    if (call.types[0]!.kind === "float64") return Math.sign(args[0] as number);
    const exact = BigInt(args[0] as number);
    return exact > 0n ? 1 : exact < 0n ? -1 : 0;
  },
  sqrt: ofDouble((a) => Math.sqrt(a!)),
  cbrt: ofDouble((a) => Math.cbrt(a!)),
  exp: ofDouble((a) => Math.exp(a!)),
  ln: ofDouble((a) => Math.log(a!)),
  log10: ofDouble((a) => Math.log10(a!)),
  log2: ofDouble((a) => Math.log2(a!)),
  pow: ofDouble((a, b) => a! ** b!),
  sin: ofDouble((a) => Math.sin(a!)),
  cos: ofDouble((a) => Math.cos(a!)),
  tan: ofDouble((a) => Math.tan(a!)),
  asin: ofDouble((a) => Math.asin(a!)),
  acos: ofDouble((a) => Math.acos(a!)),
  atan: ofDouble((a) => Math.atan(a!)),
  atan2: ofDouble((a, b) => Math.atan2(a!, b!)),
  degrees: ofDouble((a) => a! * (180 / Math.PI)),
  radians: ofDouble((a) => a! * (Math.PI / 180)),
  isNaN: (_, [value]) => Number.isNaN(value),
  isFinite: (call, [value]) => call.types[0]!.kind !== "float64" || Number.isFinite(value),
  bitAnd: bits((a, b) => a & b),
  bitOr: bits((a, b) => a | b),
  bitXor: bits((a, b) => a ^ b),
  greatest: extreme(1),
  least: extreme(-1),
  nullIf: (call, args) => (equals(call, args, 0, 1) === true ? null : args[0]),
  eqOrBothNull: (call, args) => equals(call, args, 0, 1) ?? (args[0] === null && args[1] === null),
  isIn: (call, args) => {
    const same = args.slice(1).map((_, index) => equals(call, args, 0, index + 1));
    if (same.includes(true)) return true;
    return same.includes(null) || args[0] === null ? null : false;
  },
};
