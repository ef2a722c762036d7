// The single-thread baselines of all workloads.

import type { Baselines } from "./baseline-types.ts";
import { clustersBaselines } from "./clusters/baseline.ts";
import { columnsBaselines } from "./columns/baseline.ts";
import { csvBaselines } from "./csv/baseline.ts";
import { etlBaselines } from "./etl/baseline.ts";
import { flightsBaselines } from "./flights/baseline.ts";
import { graphBaselines } from "./graph/baseline.ts";
import { groupByBaselines } from "./group-by/baseline.ts";
import { joinBaselines } from "./join/baseline.ts";
import { smallBaselines } from "./small/baseline.ts";
import { teraSortBaselines } from "./tera-sort/baseline.ts";
import { tpchBaselines } from "./tpch/baseline.ts";
import { userFunctionBaselines } from "./user-function/baseline.ts";
import { wordCountBaselines } from "./word-count/baseline.ts";

export const baselines: Readonly<Record<string, Baselines>> = {
  clusters: clustersBaselines,
  columns: columnsBaselines,
  csv: csvBaselines,
  etl: etlBaselines,
  flights: flightsBaselines,
  graph: graphBaselines,
  "group-by": groupByBaselines,
  join: joinBaselines,
  small: smallBaselines,
  "tera-sort": teraSortBaselines,
  tpch: tpchBaselines,
  "user-function": userFunctionBaselines,
  "word-count": wordCountBaselines,
  scaling: { words: wordCountBaselines.words },
};
