// What a single-thread baseline is: a function from parameters to rows, or to files in an output folder.

import type { Parameters } from "../protocol/workload.ts";

export type Baseline = (params: Parameters, output: string) => unknown;

/** By the name that a task says. */
export type Baselines = Readonly<Record<string, Baseline>>;
