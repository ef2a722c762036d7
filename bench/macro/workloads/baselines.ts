// The single-thread baselines of all workloads.

import type { Baselines } from "./baseline-types.ts";
import { columnsBaselines } from "./columns/baseline.ts";
import { wordCountBaselines } from "./word-count/baseline.ts";

export const baselines: Readonly<Record<string, Baselines>> = {
  columns: columnsBaselines,
  "word-count": wordCountBaselines,
};
