// explain of jobs that run for real: how rows would be made, and with analyze what each operator made, took and held.

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

const told = `import { defineJob, z } from "millrace";

export default defineJob({
  name: "explained",
  params: z.object({}),
  async run(mr) {
    const groups = mr
      .range(1_000_000)
      .select((c) => ({ group: c.value.mod(10), value: c.value }))
      .where((c) => c.value.ge(999_000))
      .groupBy("group")
      .agg((c) => ({ total: c.value.sum() }))
      .cache();
    const before = await groups.explain();
    const rows = await groups.map(({ group }) => group).count();
    return { before, rows, after: await groups.explain() };
  },
});
`;

test("plans of a dataset, without making it", async () => {
  const path = join(folder, "told.ts");
  writeFileSync(path, told);
  const { code, stdout, stderr } = await runCommand(["run", "--json", "--quiet", path]);
  expect(code, stderr).toBe(0);
  const { result } = JSON.parse(stdout) as { readonly result: Readonly<Record<string, string>> };
  expect(result.rows).toBe(10);
  // Workers ran the program again for its function, and were told what was recorded.
  expect(result.before).toMatchInlineSnapshot(`
    "logical
    collect
      cache#4
        aggregate#3 by group: sum(value) as total
          where#2 (value >= 999000)
            select#1 (value % 10) as group, value
              range#0 0 to 1000000 by 1

    optimised
    collect
      cache#4
        aggregate#3 by group: sum(value) as total
          select#1 (value % 10) as group, value
            where#2 (value >= 999000)
              range#0 0 to 1000000 by 1

    stage 0: range → where → select → aggregate
      1 task, anywhere
      range #0 0 to 1000000 by 1
      where #2 (value >= 999000)
      select #1 (value % 10) as group, value
      aggregate #3 whole by group: sum(value) as total
      shuffle to one (1 partition)
      kept as cache#4:3dc5f77dd7751948
    stage 1: held #4
      1 task, with stage 0
      input stage 0, partition 0, own maps
      read shuffle of stage 0
      collect
    "
  `);
  expect(result.after).toMatchInlineSnapshot(`
    "logical
    collect
      kept#4

    optimised
    collect
      kept#4

    stage 0: kept #4
      1 task, anywhere
      kept #4
      shuffle to one (1 partition)
      kept as cache#4:3dc5f77dd7751948
    stage 1: held #4
      1 task, with stage 0
      input stage 0, partition 0, own maps
      read shuffle of stage 0
      collect
    "
  `);
  const shown = await runCommand(["explain", path]);
  expect(shown.stdout).toContain("stage 0: range");
});
