// What a function is to the evaluator: chosen once for the types of its arguments, run once per batch.

import { EngineError } from "../../../proto/errors.ts";
import type { DataType } from "../../../proto/plan/types.ts";
import type { Vector } from "./vector.ts";

/** One call within an expression whose column types are known. */
export interface Call {
  readonly name: string;
  /** The call as `explain` shows it, for errors. */
  readonly text: string;
  readonly types: readonly DataType[];
  /** What the function's rule makes of the types. */
  readonly result: DataType;
  /** Texts of arguments that are literals; undefined of others. */
  readonly literals: readonly (string | null | undefined)[];
}

export interface Kernel {
  /** Types to which arguments are converted before; undefined leaves one as it is. */
  readonly argTypes?: readonly (DataType | undefined)[];
  /** Whether a value can make it throw: then it must not run for rows that do not ask for it. */
  readonly canFail: boolean;
  /**
   * `valid`: rows without a null among the arguments, where the function's table says that nulls propagate.
   * Answers `rows` slots.
   */
  readonly run: (args: readonly Vector[], rows: number, valid: Uint8Array | undefined) => Vector;
}

export type MakeKernel = (call: Call) => Kernel;

/** A value that a function or a cast cannot answer for. */
export function valueError(text: string, problem: string): EngineError {
  return new EngineError("VALUE_UNSUPPORTED", `${text}: ${problem}`);
}
