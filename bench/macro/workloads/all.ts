// Every workload, in the order of the report.

import type { Workload } from "../protocol/workload.ts";
import { clustersWorkload } from "./clusters/workload.ts";
import { columns } from "./columns/workload.ts";
import { csv } from "./csv/workload.ts";
import { etl } from "./etl/workload.ts";
import { flights } from "./flights/workload.ts";
import { graph } from "./graph/workload.ts";
import { groupBy } from "./group-by/workload.ts";
import { join } from "./join/workload.ts";
import { scaling } from "./scaling/workload.ts";
import { small } from "./small/workload.ts";
import { teraSort } from "./tera-sort/workload.ts";
import { tpch } from "./tpch/workload.ts";
import { userFunction } from "./user-function/workload.ts";
import { wordCount } from "./word-count/workload.ts";

export const workloads: readonly Workload[] = [
  wordCount,
  columns,
  teraSort,
  tpch,
  groupBy,
  join,
  csv,
  etl,
  userFunction,
  graph,
  clustersWorkload,
  flights,
  small,
  scaling,
];
