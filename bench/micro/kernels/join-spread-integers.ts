// The same where keys are spread over all whole numbers of 32 bits: a hash table finds rows.

import { joinKernel } from "./join-integers.ts";
import type { Kernel } from "./kernel.ts";

export const kernelOf = (rows: number): Kernel =>
  joinKernel(rows, 25, (number) => Math.imul(number, 0x9e3779b1));
