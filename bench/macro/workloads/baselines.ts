// The single-thread baselines of all workloads.

import type { Baselines } from "./baseline-types.ts";
import { columnsBaselines } from "./columns/baseline.ts";
import { tpchBaselines } from "./tpch/baseline.ts";
import { wordCountBaselines } from "./word-count/baseline.ts";

export const baselines: Readonly<Record<string, Baselines>> = {
  columns: columnsBaselines,
  tpch: tpchBaselines,
  "word-count": wordCountBaselines,
};
