// Gives expressions their methods, most of them straight from the tables of functions.

import { EngineError } from "../../proto/errors.ts";
import { aggregateFunctions } from "../../proto/plan/functions/aggregates.ts";
import { scalarFunctions } from "../../proto/plan/functions/scalars.ts";
import {
  aggregateOf,
  ascending,
  ColumnValue,
  callOf,
  descending,
  WindowFunctionValue,
} from "./build.ts";
import { ColumnType } from "./column-type.ts";

type Method = (this: ColumnValue, ...args: readonly unknown[]) => unknown;

/** Short names, by what the tables call them. */
export const shortNames: Readonly<Record<string, string>> = {
  subtract: "sub",
  multiply: "mul",
  divide: "div",
  modulo: "mod",
  negate: "neg",
};

/** Window functions over the values of a column. */
const columnWindows = ["firstValue", "lastValue"] as const;
const shifts = ["lag", "lead"] as const;

function castTo(column: ColumnValue, type: unknown, onFailure: "error" | "null"): ColumnValue {
  if (!(type instanceof ColumnType)) {
    throw new EngineError(
      "PLAN_INVALID",
      `cast was given ${typeof type}, not a column type such as int32 or utf8`,
    );
  }
  return new ColumnValue(
    { kind: "cast", input: column.expr, to: type.type, onFailure },
    column.layers,
  );
}

/** The source and the flags of a regular expression, as the functions of the plan take them. */
function regexParts(pattern: unknown): readonly [unknown, string] {
  if (!(pattern instanceof RegExp)) return [pattern, ""];
  const flags = pattern.flags.replace(/[gu]/g, "");
  if (!/[^ims]/.test(flags)) return [pattern.source, flags];
  throw new EngineError(
    "PLAN_INVALID",
    `the regular expression ${String(pattern)} has the flags '${flags}'; there are i, m and s`,
  );
}

const ownMethods: Readonly<Record<string, Method>> = {
  cast(type) {
    return castTo(this, type, "error");
  },
  tryCast(type) {
    return castTo(this, type, "null");
  },
  asc() {
    return ascending(this);
  },
  desc() {
    return descending(this);
  },
  between(low, high) {
    return callOf("and", [callOf("ge", [this, low]), callOf("le", [this, high])]);
  },
  dateTrunc(unit) {
    return callOf("dateTrunc", [unit, this]);
  },
  dateAdd(unit, count) {
    return callOf("dateAdd", [unit, count, this]);
  },
  dateDiff(unit, to) {
    return callOf("dateDiff", [unit, this, to]);
  },
  regexMatches(pattern) {
    const [source, flags] = regexParts(pattern);
    return callOf("regexMatches", [this, source, flags]);
  },
  regexExtract(pattern, group = 0) {
    const [source, flags] = regexParts(pattern);
    return callOf("regexExtract", [this, source, group, flags]);
  },
  regexExtractAll(pattern, group = 0) {
    const [source, flags] = regexParts(pattern);
    return callOf("regexExtractAll", [this, source, group, flags]);
  },
  regexReplace(pattern, by) {
    const [source, flags] = regexParts(pattern);
    return callOf("regexReplace", [this, source, by, flags]);
  },
};

function define(name: string, method: Method): void {
  Object.defineProperty(ColumnValue.prototype, name, { value: method, configurable: true });
}

function defineAll(): void {
  for (const name of Object.keys(scalarFunctions)) {
    define(shortNames[name] ?? name, function (...args) {
      return callOf(name, [this, ...args]);
    });
  }
  for (const name of Object.keys(aggregateFunctions)) {
    define(name, function (...args) {
      return aggregateOf(name, [this, ...args]);
    });
  }
  for (const name of columnWindows) {
    define(name, function () {
      return new WindowFunctionValue(name, [this]);
    });
  }
  for (const name of shifts) {
    define(name, function (rows = 1) {
      return new WindowFunctionValue(name, [this, rows]);
    });
  }
  // Last, since these take arguments in another order than their functions.
  for (const [name, method] of Object.entries(ownMethods)) define(name, method);
}

defineAll();
