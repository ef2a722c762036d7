// for await over more rows than the driver's heap could hold: read piece by piece, also again by executors.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { builtProgram } from "../cluster/local-cluster.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("stream-rows");

/** 70 000 rows of a kilobyte, more than 64 MiB, in four tasks; and the end of others, which is left at the first row. */
const job = `import { defineJob, z } from "millrace";

export default defineJob({
  name: "stream-rows",
  params: z.object({ rows: z.number() }),
  async run(mr, { rows }) {
    const wide = mr
      .range(rows)
      .repartition(4)
      .map((n) => ({ n, text: String(n).padStart(1000, "x") }));
    let bytes = 0;
    const seen = new Set<number>();
    for await (const { n, text } of wide) {
      seen.add(n);
      bytes += text.length;
    }
    let first = 0;
    for await (const n of mr.range(5000).orderBy("value", "desc")) {
      first = n;
      break;
    }
    // Executors run all of the above again to find this function.
    const again = await mr.of([1]).map(() => ({ bytes, seen: seen.size, first })).first();
    return { bytes, seen: seen.size, first, again };
  },
});
`;

interface Streamed {
  readonly bytes: number;
  readonly seen: number;
  readonly first: number;
  readonly again: unknown;
}

function runInSmallHeap(
  path: string,
  rows: number,
): Promise<{ code: number | null; out: string; err: string }> {
  const args = [
    "--max-old-space-size=48",
    builtProgram(),
    "run",
    "--json",
    "--quiet",
    "--threads",
    "2",
  ];
  const child = spawn(process.execPath, [...args, path, "--rows", String(rows)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
}

test("more than 64 MiB of rows pass through a driver whose heap has 48", async () => {
  const path = join(folder, "job.ts");
  writeFileSync(path, job);
  const rows = 70_000;
  const { code, out, err } = await runInSmallHeap(path, rows);
  expect(code, err).toBe(0);
  const report = JSON.parse(out) as { readonly result: Streamed; readonly outputs: unknown };
  const wanted = { bytes: rows * 1000, seen: rows, first: 4999 };
  expect(report.result).toMatchObject({ ...wanted, again: wanted });
  // What is only on its way to the program is no output of the job.
  expect(report.outputs).toEqual([]);
}, 300_000);
