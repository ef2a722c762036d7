// One query of TPC-H: reads its tables from Parquet, answers its rows.

import { type Dataset, defineJob, z } from "millrace";
import { q1, q2, q3, q4, q5, q6, q7, q8 } from "./queries-1-to-8.ts";
import { q9, q10, q11, q12, q13, q14, q15 } from "./queries-9-to-15.ts";
import { q16, q17, q18, q19, q20, q21, q22 } from "./queries-16-to-22.ts";
import { openTables, type Tables } from "./tables.ts";

type Query = (tables: Tables, scale: number) => Dataset<unknown>;

const queries: Readonly<Record<string, Query>> = {
  ...{ q1, q2, q3, q4, q5, q6, q7, q8, q9, q10, q11 },
  ...{ q12, q13, q14, q15, q16, q17, q18, q19, q20, q21, q22 },
};

export default defineJob({
  name: "tpc-h",
  params: z.object({
    folder: z.string().describe("holds lineitem.parquet and the other tables"),
    query: z.string().describe("q1 to q22"),
    scale: z.number().default(1).describe("the tables' scale factor, on which query 11 depends"),
  }),
  async run(mr, { folder, query, scale }) {
    const ask = queries[query];
    if (ask === undefined) throw new Error(`there is no query ${query}`);
    return await ask(openTables(mr, folder), scale).collect();
  },
});
