// A function call of an expression as the plain evaluator sees it.

import type { DataType } from "../../../proto/plan/types.ts";
import { castRaw } from "./cast-raw.ts";
import type { Raw } from "./raw-values.ts";

export interface PlainCall {
  readonly text: string;
  readonly types: readonly DataType[];
  readonly result: DataType;
  readonly literals: readonly (string | null | undefined)[];
}

/** Arguments are not null, but where the function's table says that it sees nulls. */
export type PlainFunction = (call: PlainCall, args: readonly Raw[]) => Raw;

/** The argument as a whole number; fractions are cut off. */
export function wholeOf(call: PlainCall, args: readonly Raw[], index: number): number | undefined {
  if (index >= args.length) return undefined;
  const type = call.types[index]!;
  return castRaw(args[index], type, { kind: "int53" }, "error", call.text) as number;
}

export function floatOf(call: PlainCall, args: readonly Raw[], index: number): number {
  return castRaw(
    args[index],
    call.types[index]!,
    { kind: "float64" },
    "error",
    call.text,
  ) as number;
}
