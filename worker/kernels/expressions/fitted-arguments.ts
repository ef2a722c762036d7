// Arguments as the types that a kernel wants, where some values may not fit them: only values that the answer depends on have to.

import type { DataType } from "../../../proto/plan/types.ts";
import { countBits } from "../columns/bits.ts";
import { andBits, validBytes, validityOfBytes } from "./bits.ts";
import type { Bound, Rows } from "./bound.ts";
import { castVector } from "./cast.ts";
import { expanded } from "./take.ts";
import { isValidAt, type Vector } from "./vector.ts";

export type FitArguments = (
  args: readonly Bound[],
  wanted: readonly DataType[],
  rows: Rows,
  text: string,
) => readonly Vector[] | undefined;

/** Valid where all arguments are; "none" where no row is. */
export function validOfAll(args: readonly Vector[], rows: number): Uint8Array | undefined | "none" {
  let valid: Uint8Array | undefined;
  for (const arg of args) {
    if (!arg.constant) valid = andBits(valid, arg.valid, rows);
    else if (!isValidAt(arg, 0)) return "none";
  }
  return valid;
}

/**
 * For functions that are null where an argument is, whether or not the others would fit. Undefined where no row has all
 * arguments.
 */
export const fittedTogether: FitArguments = (args, wanted, rows, text) => {
  const vectors = args.map((arg) => arg.run(rows));
  const valid = validOfAll(vectors, rows.count);
  if (valid === "none" || rows.count === 0) return undefined;
  if (valid !== undefined && countBits(valid, rows.count) === 0) return undefined;
  return vectors.map((vector, index) => {
    const own = vector.constant ? vector : { ...vector, valid };
    return castVector(own, wanted[index]!, "error", text);
  });
};

function validOf(vector: Vector, rows: number): Uint8Array {
  return vector.form === "null" ? new Uint8Array(rows) : validBytes(vector.valid, rows);
}

/**
 * For functions that compare the first argument with each other one, if both are there. What stands where one of two is
 * null means nothing; which are null stays.
 */
export const fittedToFirst: FitArguments = (args, wanted, rows, text) => {
  const { count } = rows;
  const vectors = args.map((arg) => expanded(arg.run(rows), count));
  const [first, ...others] = vectors.map((vector) => validOf(vector, count));
  const isCompared = new Uint8Array(count);
  for (const other of others) {
    for (let i = 0; i < count; i++) {
      other[i] = other[i]! & first![i]!;
      isCompared[i] = isCompared[i]! | other[i]!;
    }
  }
  const needed = [isCompared, ...others].map(validityOfBytes);
  return vectors.map((vector, index) => {
    const fitted = castVector(
      { ...vector, valid: needed[index] } as Vector,
      wanted[index]!,
      "error",
      text,
    );
    return { ...fitted, valid: vector.valid } as Vector;
  });
};
