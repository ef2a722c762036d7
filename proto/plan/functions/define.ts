// Short forms for the tables: a function by what it takes and what it answers.

import { anyType, type DataType, type DataTypeKind, typeText } from "../types.ts";
import { type LiteralTexts, mayBe, type ScalarFunction, type TypeAnswer } from "./function.ts";

/** Kinds that an argument may have, and how an error calls them. */
export interface Parameter {
  readonly kinds: readonly DataTypeKind[];
  readonly called: string;
  /** Only the last ones may be left out. */
  readonly optional?: boolean;
  /** The last one may be given any number of times. */
  readonly rest?: boolean;
}

export const text: Parameter = { kinds: ["utf8"], called: "utf8" };
/** float64 too: rows of closures have no other numbers. Fractions are cut off. */
export const number: Parameter = {
  kinds: ["int32", "int53", "int64", "float64", "decimal"],
  called: "numbers",
};
export const whole: Parameter = { kinds: ["int32", "int53", "int64"], called: "whole numbers" };
export const time: Parameter = { kinds: ["date", "timestamp"], called: "a date or timestamp" };
export const timestamp: Parameter = { kinds: ["timestamp"], called: "a timestamp" };
export const list: Parameter = { kinds: ["list", "json"], called: "a list" };

export function optional(parameter: Parameter): Parameter {
  return { ...parameter, optional: true };
}

export function rest(parameter: Parameter): Parameter {
  return { ...parameter, rest: true };
}

export const anything: Parameter = { kinds: [], called: "anything" };

type Result = DataType | ((types: readonly DataType[], literals: LiteralTexts) => TypeAnswer);

function misfit(parameters: readonly Parameter[], types: readonly DataType[]) {
  for (const [index, type] of types.entries()) {
    const { kinds, called } = parameters[Math.min(index, parameters.length - 1)]!;
    if (kinds.length === 0 || mayBe(type, ...kinds)) continue;
    return { problem: `argument ${index + 1} needs ${called}, not ${typeText(type)}` };
  }
  return undefined;
}

/** A function of parameters with set kinds. Nulls propagate unless told. */
export function define(
  signature: string,
  summary: string,
  parameters: readonly Parameter[],
  result: Result,
  nulls: "propagate" | "own" = "propagate",
): ScalarFunction {
  return {
    signature,
    summary,
    argsMin: parameters.filter((parameter) => parameter.optional !== true).length,
    argsMax: parameters.at(-1)?.rest === true ? Number.POSITIVE_INFINITY : parameters.length,
    nulls,
    resultType: (types, literals = []): TypeAnswer => {
      const problem = misfit(parameters, types);
      if (problem !== undefined) return problem;
      return typeof result === "function" ? result(types, literals) : result;
    },
  };
}

/** The type of the first argument. */
export const ofFirst = ([type]: readonly DataType[]): DataType => type ?? anyType;
