// explain with analyze, of a job that runs for real: what each operator made, took and held.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("analyze");

const job = `import { defineJob, z } from "millrace";

export default defineJob({
  name: "analyzed",
  params: z.object({ rows: z.number() }),
  async run(mr, { rows }) {
    const groups = mr
      .range(rows)
      .select((c) => ({ group: c.value.mod(1000), value: c.value }))
      .where((c) => c.value.ge(rows / 2))
      .groupBy("group")
      .agg((c) => ({ total: c.value.sum() }))
      .map(({ group, total }) => [group % 10, total] as const)
      .reduceByKey((a, b) => a + b)
      .orderBy(([, total]) => total);
    return await groups.explain({ analyze: true });
  },
});
`;

const bytesOf = (text: string): number => {
  const [, number = "", unit = ""] = /^([\d.]+) (k|M|G)?B$/.exec(text) ?? [];
  return Number(number) * 1000 ** ["", "k", "M", "G"].indexOf(unit);
};

test("rows, bytes, time and peak memory of each operator", async () => {
  const path = join(folder, "job.ts");
  writeFileSync(path, job);
  const rows = 400_000;
  const args = ["run", "--json", "--quiet", "--threads", "1", path, "--rows", String(rows)];
  const { code, stdout, stderr } = await runCommand(args);
  expect(code, stderr).toBe(0);
  const text = (JSON.parse(stdout) as { readonly result: string }).result;
  const operators = text.split("\n").flatMap((line) => {
    const found =
      /^ {2}(\w+).*: (\d+) rows, ([\d.]+ \w+), ([\d.]+) ms, (thread's )?peak ([\d.]+ \w+)$/.exec(
        line,
      );
    if (found === null) return [];
    const [, name, made, bytes, , thread, peak] = found as unknown as readonly string[];
    return [{ name, rows: Number(made), bytes: bytesOf(bytes!), thread, peak: bytesOf(peak!) }];
  });
  const of = (name: string) => operators.filter((operator) => operator.name === name);
  // The condition goes below the select, where there is one column.
  expect(of("where")[0], text).toMatchObject({ rows: rows / 2, bytes: 8 * (rows / 2) });
  expect(of("select")[0]).toMatchObject({ rows: rows / 2, bytes: 16 * (rows / 2) });
  const [aggregate] = of("aggregate");
  expect(aggregate!.rows).toBe(1000);
  // Its own: a small table, where the thread has some tens of megabytes.
  expect(aggregate!.thread).toBeUndefined();
  expect(aggregate!.peak).toBeGreaterThan(1000 * 16);
  expect(aggregate!.peak).toBeLessThan(5e6);
  // By an estimate of what ten sums take in the heap.
  const [reduce] = of("reduceByKey");
  expect(reduce!.thread).toBeUndefined();
  expect(reduce!.peak).toBeGreaterThan(10 * 16);
  expect(reduce!.peak).toBeLessThan(1e5);
  const [sort] = of("sort");
  expect(sort!.thread).toBeUndefined();
  expect(sort!.peak).toBeGreaterThan(100);
  expect(sort!.peak).toBeLessThan(1e5);
  // Every line but that of what a stage reads is one of an operator or a sink.
  const lines = text
    .split("\n")
    .filter((line) => line.startsWith("  ") && !/^ {2}(read|range) /.test(line));
  expect(lines.length).toBe(operators.length);
});
