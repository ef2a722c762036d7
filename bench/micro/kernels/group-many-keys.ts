// Sums of ten million doubles by a million whole numbers, of which each thread meets nearly all.

import { kernelOf as fewKeys } from "./group-few-keys.ts";
import type { Kernel } from "./kernel.ts";

export const kernelOf = (rows: number): Kernel => fewKeys(rows, Math.ceil(rows / 10), 50);
