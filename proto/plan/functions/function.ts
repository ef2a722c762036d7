// What the plan knows of a function: how it is called, what it makes of types, what it says of itself.

import type { DataType } from "../types.ts";

/** What is wrong with the arguments, as the end of a sentence that names the function. */
export interface TypeProblem {
  readonly problem: string;
}

export type TypeAnswer = DataType | TypeProblem;

export function isProblem(answer: TypeAnswer): answer is TypeProblem {
  return "problem" in answer;
}

export type LiteralTexts = readonly (string | null | undefined)[];

export interface ScalarFunction {
  /** `substring(text, start, length?)`: shown in the documentation and in errors. */
  readonly signature: string;
  /** One sentence: what it answers, and what it makes of odd values. */
  readonly summary: string;
  readonly argsMin: number;
  readonly argsMax: number;
  /**
   * `any` among the types stands for a column that only the run will know. `literals`: texts of the arguments
   * that are literals; undefined of others.
   */
  resultType(args: readonly DataType[], literals?: LiteralTexts): TypeAnswer;
  /** `propagate`: null where any argument is null. `own`: the function decides. */
  readonly nulls: "propagate" | "own";
}

export interface AggregateFunction {
  readonly signature: string;
  readonly summary: string;
  readonly argsMin: number;
  readonly argsMax: number;
  resultType(args: readonly DataType[]): TypeAnswer;
  /** Of no rows, or of nulls only: null, or a value of its own (`count` answers 0). */
  readonly ofNothing: "null" | "value";
}

/** True of a type that is `kind`, or null, or only known at the run. */
export function mayBe(type: DataType, ...kinds: readonly DataType["kind"][]): boolean {
  return type.kind === "any" || type.kind === "null" || kinds.includes(type.kind);
}
