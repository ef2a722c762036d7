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
  layersOf,
  toColumn,
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

function nullIf(column: ColumnValue, value: unknown): ColumnValue {
  const isEqual = callOf("eq", [column, value]);
  const nothing = toColumn(null);
  return new ColumnValue(
    {
      kind: "case",
      branches: [{ when: isEqual.expr, result: nothing.expr }],
      otherwise: column.expr,
    },
    layersOf([isEqual, column]),
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
  nullIf(value) {
    return nullIf(this, value);
  },
};

function define(name: string, method: Method): void {
  Object.defineProperty(ColumnValue.prototype, name, { value: method });
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
  for (const [name, method] of Object.entries(ownMethods)) define(name, method);
}

defineAll();
