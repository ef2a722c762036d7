// A gigabyte of records of 100 bytes, sorted: the generator makes them, the validator reads what was written.

import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { recordOf } from "../../../../jobs/tera-sort/record.ts";
import { projectFolder } from "../../places.ts";
import type { Workload } from "../../protocol/workload.ts";
import { duckLines, duckWriteLines, functionTask, sqlTask } from "../common.ts";
import { validated } from "./validate.ts";

const seed = 6;
const recordsPerWrite = 10_000;

async function writeRecords(path: string, records: number): Promise<void> {
  const file = openSync(path, "w");
  for (let from = 0; from < records; from += recordsPerWrite) {
    let text = "";
    for (let at = from; at < Math.min(records, from + recordsPerWrite); at++) {
      text += `${recordOf(at, seed)}\n`;
    }
    writeSync(file, text, null, "latin1");
    // Ctrl-C must be heard meanwhile.
    await setImmediate();
  }
  closeSync(file);
}

export const teraSort: Workload = {
  name: "tera-sort",
  title: "Sort of 100-byte records, as the sort benchmark has them",
  prepare: async (cache, size) => {
    const records = size === "smoke" ? 20_000 : 10_000_000;
    const input = await cache.file(`records-${records}-${seed}.txt`, (path) =>
      writeRecords(path, records),
    );
    return {
      rows: [
        {
          name: "sort",
          title: `${records / 10_000} MB of lines, sorted to lines`,
          inputBytes: records * 100,
          inputRows: records,
          threeMasters: true,
          isLarge: true,
          without: { ray: "it writes no lines of text as they are" },
          answer: { read: validated, ordered: true },
          tasks: (output) => {
            const params = { input, output };
            const byFunction = functionTask("sort", params);
            return {
              millrace: {
                kind: "job",
                file: join(projectFolder(), "jobs/tera-sort", "./job.ts"),
                params,
              },
              baseline: byFunction,
              duckdb: sqlTask(
                duckWriteLines(
                  `select line from ${duckLines(input)} order by line`,
                  `${output}/sorted.txt`,
                ),
              ),
              polars: byFunction,
              spark: byFunction,
              dask: byFunction,
            };
          },
        },
      ],
      files: [input],
      data: `${records} records, seed ${seed}; order, number and checksum of what was written are checked`,
    };
  },
};
