// DuckDB's side of a session, by its package for Node.

import { mkdirSync } from "node:fs";
import { withDuck } from "../judge/duck.ts";
import type { Rows } from "../protocol/workload.ts";
import { rowsOf } from "./cells.ts";
import { serve } from "./serve.ts";

async function main(threads: number): Promise<void> {
  await withDuck(threads, async (connection) => {
    const version = (await connection.runAndReadAll("select version()")).getRows()[0]?.[0];
    await serve(String(version), async ({ task, output }) => {
      if (task.kind !== "sql") throw new Error(`DuckDB runs SQL, not a ${task.kind}`);
      if (output !== "") mkdirSync(output, { recursive: true });
      let rows: Rows = [];
      for (const statement of task.statements) {
        rows = rowsOf((await connection.runAndReadAll(statement)).getRowsJson());
      }
      return rows;
    });
    // Before the connection is closed: that would wait for a statement that nobody waits for.
    process.exit(0);
  });
}

const [threads = "2"] = process.argv.slice(2);
void main(Number(threads));
