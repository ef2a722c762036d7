// The kernel of each scalar function of the plan, by name.

import type { ScalarFunctionName } from "../../../proto/plan/functions/scalars.ts";
import { boolType } from "../../../proto/plan/types.ts";
import { arithmeticKernel, divideKernel, signKernel } from "./arithmetic.ts";
import { validBytes } from "./bits.ts";
import { comparisonKernel } from "./compare.ts";
import { equalOrBothNull, isInKernel } from "./equality.ts";
import { choiceKernels } from "./functions/choices.ts";
import { listKernels } from "./functions/lists.ts";
import { numberKernels } from "./functions/numbers.ts";
import { patternKernels } from "./functions/patterns.ts";
import { textByteKernels } from "./functions/text-bytes.ts";
import { textKernels } from "./functions/texts.ts";
import { timeKernels } from "./functions/times.ts";
import type { Call, Kernel, MakeKernel } from "./kernel.ts";
import { notVector } from "./logic.ts";
import { boolVector, isValidAt } from "./vector.ts";

function nullTest(wanted: boolean): Kernel {
  return {
    canFail: false,
    run: ([arg], rows) => {
      const isConstant = arg!.constant || arg!.form === "null";
      const out = isConstant
        ? new Uint8Array(rows).fill(isValidAt(arg!, 0) ? 1 : 0)
        : validBytes(arg!.valid, rows);
      if (!wanted) for (let i = 0; i < rows; i++) out[i] = out[i]! ^ 1;
      return boolVector(boolType, out, undefined);
    },
  };
}

/** `and`, `or` and `coalesce` leave rows out and are bound by themselves. */
type BoundElsewhere = "and" | "or" | "coalesce";

const core = {
  eq: (call) => comparisonKernel("eq", call),
  ne: (call) => comparisonKernel("ne", call),
  lt: (call) => comparisonKernel("lt", call),
  le: (call) => comparisonKernel("le", call),
  gt: (call) => comparisonKernel("gt", call),
  ge: (call) => comparisonKernel("ge", call),
  eqOrBothNull: equalOrBothNull,
  isIn: isInKernel,
  not: () => ({ canFail: false, run: ([arg], rows) => notVector(arg!, rows) }),
  isNull: () => nullTest(false),
  isNotNull: () => nullTest(true),
  add: (call) => arithmeticKernel("add", call),
  subtract: (call) => arithmeticKernel("subtract", call),
  multiply: (call) => arithmeticKernel("multiply", call),
  modulo: (call) => arithmeticKernel("modulo", call),
  divide: () => divideKernel(),
  negate: (call) => signKernel("negate", call),
  abs: (call) => signKernel("abs", call),
  ...choiceKernels,
  ...listKernels,
  ...numberKernels,
  ...patternKernels,
  ...textByteKernels,
  ...textKernels,
  ...timeKernels,
} satisfies Record<string, MakeKernel>;

type KernelName = Exclude<ScalarFunctionName, BoundElsewhere>;

const kernels: Readonly<Record<KernelName, MakeKernel>> = core;

export function kernelOf(call: Call): Kernel {
  return kernels[call.name as KernelName](call);
}
