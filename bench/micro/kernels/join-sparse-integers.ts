// The same where keys are every fourth whole number, as those of the orders of TPC-H: an array with gaps finds rows.

import { joinKernel } from "./join-integers.ts";
import type { Kernel } from "./kernel.ts";

export const kernelOf = (rows: number): Kernel => joinKernel(rows, 50, (number) => 4 * number);
