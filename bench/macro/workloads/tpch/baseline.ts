// The 22 queries of TPC-H on one thread: typed arrays indexed by keys, Maps, and plain loops.

import type { Baselines } from "../baseline-types.ts";
import { q1, q2, q3, q4 } from "./baselines/queries-1-to-4.ts";
import { q5, q6, q7, q8, q9 } from "./baselines/queries-5-to-9.ts";
import { q10, q11, q12, q13, q14, q15 } from "./baselines/queries-10-to-15.ts";
import { q16, q17, q18, q19 } from "./baselines/queries-16-to-19.ts";
import { q20, q21, q22 } from "./baselines/queries-20-to-22.ts";
import { type Query, tablesAt } from "./baselines/tables.ts";

const queries: Readonly<Record<string, Query>> = {
  ...{ q1, q2, q3, q4, q5, q6, q7, q8, q9, q10, q11 },
  ...{ q12, q13, q14, q15, q16, q17, q18, q19, q20, q21, q22 },
};

export const tpchBaselines: Baselines = Object.fromEntries(
  Object.entries(queries).map(([name, query]) => [
    name,
    ({ folder, scale }) => query(tablesAt(String(folder), Number(scale))),
  ]),
);
