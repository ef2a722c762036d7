// Kernels that work slot by slot on JavaScript values: for text and nested values, whose work is not in loops.

import type { DataType } from "../../../proto/plan/types.ts";
import type { Call, Kernel } from "./kernel.ts";
import { type Raw, rawAt, rawsOf, vectorOfRaws } from "./raw.ts";
import { takeRows } from "./take.ts";
import { nullVector, type TextVector, type Vector } from "./vector.ts";

export interface RowwiseOptions {
  readonly argTypes?: readonly (DataType | undefined)[];
  readonly canFail?: boolean;
  /** Also asked for rows with nulls among the arguments. */
  readonly seesNulls?: boolean;
}

type Compute = (...args: never[]) => Raw;
type Plain = (...args: Raw[]) => Raw;

/** The one argument that differs by row, where it is text in a dictionary no larger than the rows. */
function dictionaryArgument(args: readonly Vector[], rows: number): number {
  const varying = args.findIndex((arg) => !arg.constant);
  if (varying < 0 || args.some((arg, index) => index !== varying && !arg.constant)) return -1;
  const arg = args[varying]!;
  if (arg.form !== "text" || arg.codes === undefined) return -1;
  return arg.offsets.length - 1 <= rows ? varying : -1;
}

function computeRows(
  type: DataType,
  compute: Plain,
  args: readonly Vector[],
  rows: number,
  isAsked: (row: number) => boolean,
): Vector {
  const values = args.map((arg) => (arg.constant ? undefined : rawsOf(arg)));
  const row = args.map((arg) => (arg.constant ? rawAt(arg, 0) : null));
  const out = new Array<Raw>(rows).fill(null);
  for (let i = 0; i < rows; i++) {
    if (!isAsked(i)) continue;
    for (let k = 0; k < row.length; k++) if (values[k] !== undefined) row[k] = values[k]![i];
    out[i] = compute(...row);
  }
  return vectorOfRaws(type, out);
}

/** Answers `compute` of the raw values of each row; null where an argument is, unless `seesNulls`. */
export function rowwise(call: Call, compute: Compute, options: RowwiseOptions = {}): Kernel {
  const { argTypes, canFail = false, seesNulls = false } = options;
  const plain = compute as Plain;
  const run: Kernel["run"] = (args, rows, valid) => {
    if (call.result.kind === "null") return nullVector(rows);
    const dictionary = canFail || seesNulls ? -1 : dictionaryArgument(args, rows);
    if (dictionary < 0) {
      const isAsked =
        seesNulls || valid === undefined
          ? () => true
          : (row: number) => ((valid[row >> 3]! >> (row & 7)) & 1) === 1;
      return computeRows(call.result, plain, args, rows, isAsked);
    }
    // One answer for each word of the dictionary.
    const text = args[dictionary] as TextVector;
    const length = text.offsets.length - 1;
    const words: Vector = { ...text, length, valid: undefined, codes: undefined };
    const some = args.map((arg, index) => (index === dictionary ? words : arg));
    const answers = computeRows(call.result, plain, some, length, () => true);
    const places = valid === undefined ? text.codes! : maskedCodes(text.codes!, valid);
    return takeRows(answers, places);
  };
  return { ...(argTypes === undefined ? {} : { argTypes }), canFail, run };
}

function maskedCodes(codes: Int32Array, valid: Uint8Array): Int32Array {
  const out = new Int32Array(codes.length);
  for (let i = 0; i < out.length; i++) out[i] = (valid[i >> 3]! >> (i & 7)) & 1 ? codes[i]! : -1;
  return out;
}
