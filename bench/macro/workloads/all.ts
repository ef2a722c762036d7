// Every workload, in the order of the report.

import type { Workload } from "../protocol/workload.ts";
import { columns } from "./columns/workload.ts";
import { tpch } from "./tpch/workload.ts";
import { wordCount } from "./word-count/workload.ts";

export const workloads: readonly Workload[] = [wordCount, columns, tpch];
