// Kernels that choose between values: nullIf, greatest, least.

import { commonType } from "../../../../proto/plan/types.ts";
import { andBits, packBits, unlessFull, validBytes } from "../bits.ts";
import { castVector } from "../cast.ts";
import { compareBytes } from "../compare.ts";
import type { Call, Kernel, MakeKernel } from "../kernel.ts";
import { expanded, joinRows, nullsOf, takeRows } from "../take.ts";
import { isValidAt, type Vector } from "../vector.ts";

function nullIf({ types, text, result }: Call): Kernel {
  const type = commonType(types[0]!, types[1]!)!;
  return {
    canFail: types.some((each) => each.kind === "decimal"),
    run: (args, rows) => {
      const [left, right] = args.map((arg) => expanded(arg, rows)) as [Vector, Vector];
      if (left.form === "null") return nullsOf(result, rows);
      if (right.form === "null") return left;
      // A value that is compared with nothing need not fit.
      const valid = andBits(left.valid, right.valid, rows);
      const both = [left, right].map((side) => castVector({ ...side, valid }, type, "error", text));
      const same = compareBytes("eq", both[0]!, both[1]!, rows, undefined);
      const known = validBytes(right.valid, rows);
      const kept = validBytes(left.valid, rows);
      for (let i = 0; i < rows; i++) kept[i] = kept[i]! & ((same[i]! & known[i]!) ^ 1);
      return { ...left, valid: unlessFull(packBits(kept), rows) };
    },
  };
}

/** The first (`lt`) or last (`gt`) of the values in order; nulls are left out. */
function extreme(by: "lt" | "gt", { types, result }: Call): Kernel {
  return {
    argTypes: types.map(() => result),
    canFail: false,
    run: (args, rows) => {
      if (result.kind === "null") return nullsOf(result, rows);
      const parts = args.map((arg) => expanded(arg, rows));
      const together = joinRows(result, parts);
      let best = parts[0]!;
      const places = new Int32Array(rows);
      for (let i = 0; i < rows; i++) places[i] = i;
      for (let k = 1; k < parts.length; k++) {
        const next = parts[k]!;
        const better = compareBytes(by, next, best, rows, undefined);
        for (let i = 0; i < rows; i++) {
          const wins = !isValidAt(best, i) || better[i] === 1;
          if (wins && isValidAt(next, i)) places[i] = k * rows + i;
        }
        best = takeRows(together, places);
      }
      return best;
    },
  };
}

export const choiceKernels = {
  nullIf,
  greatest: (call) => extreme("gt", call),
  least: (call) => extreme("lt", call),
} satisfies Record<string, MakeKernel>;
