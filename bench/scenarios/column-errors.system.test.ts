// A value that an expression cannot be computed of, in every step on columns: the code, the step, the file and the task.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type JobReport, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("column-errors");
const input = join(folder, "lines.txt");
writeFileSync(input, "1\nx\n3\n");

interface Mistake {
  readonly operator: string;
  /** On `words`, whose second `word` is no number; `bad` casts it to one. */
  readonly action: string;
  /** Of rows that are held until all are there no file can be named. */
  readonly file?: false;
  readonly message?: RegExp;
}

const mistakes: readonly Mistake[] = [
  { operator: "where", action: "words.where((c) => bad(c).gt(1)).collect()" },
  { operator: "select", action: "words.select((c) => ({ n: bad(c) })).collect()" },
  { operator: "select", action: 'words.withColumn("n", (c) => bad(c)).collect()' },
  { operator: "aggregate", action: "words.groupBy((c) => ({ n: bad(c) })).count().collect()" },
  { operator: "aggregate", action: "words.agg((c) => ({ n: bad(c).sum() })).collect()" },
  {
    operator: "aggregate",
    action: "words.agg((c) => ({ n: count().where(bad(c).gt(1)) })).collect()",
  },
  {
    operator: "aggregate",
    action: "words.agg((c) => ({ n: lit(2n ** 62n).mul(c.n.cast(int64)).sum() })).collect()",
    message: /does not fit int64/,
  },
  { operator: "sortBy", action: "words.sortBy((c) => bad(c)).collect()", file: false },
  { operator: "join", action: "words.join(numbers, (l, r) => bad(l).eq(r.m)).collect()" },
  { operator: "join", action: "numbers.join(words, (l, r) => l.m.eq(bad(r)), 'left').collect()" },
  {
    operator: "join",
    action: "words.join(numbers, (l, r) => l.n.eq(r.m).and(bad(l).gt(0))).collect()",
  },
  {
    operator: "window",
    file: false,
    action: 'words.withColumn("r", (c) => rank().over({ orderBy: bad(c) })).collect()',
  },
  {
    operator: "window",
    file: false,
    action: 'words.withColumn("s", (c) => bad(c).sum().over({ partitionBy: c.n })).collect()',
  },
  { operator: "where", action: "words.where((c) => c.n.mod(0).eq(1)).collect()", message: /0/ },
];

test("each of them", async () => {
  const path = join(folder, "job.ts");
  const tries = mistakes.map(({ action }) => `    await caught(() => ${action});`).join("\n");
  writeFileSync(
    path,
    `import { type Columns, count, defineJob, int32, int64, lit, rank, schema, utf8, z } from "millrace";
const columns = schema({ word: utf8, n: int32 });
const bad = (c: Columns<{ readonly word: string; readonly n: number }>) => c.word.cast(int32);
export default defineJob({
  name: "column-errors",
  params: z.object({ input: z.string() }),
  async run(mr, { input }) {
    const failures: unknown[] = [];
    const caught = (action: () => Promise<unknown>) => action().then(
      (answer) => void failures.push({ answer }),
      ({ code, message, details }: any) => void failures.push({ code, message, details }),
    );
    const words = mr.read.text(input).map((word) => ({ word, n: word.length + 1 })).as(columns);
    const numbers = mr.of([{ m: 1 }, { m: 2 }, { m: 3 }], schema({ m: int32 }));
${tries}
    return failures;
  },
});
`,
  );
  const run = await runCommand(["run", "--json", "--threads", "2", path, "--input", input]);
  expect(run.code, run.stderr).toBe(0);
  const failures = (JSON.parse(run.stdout) as JobReport).result as readonly object[];
  expect(mistakes.map(({ action }, index) => ({ action, ...failures[index] }))).toMatchObject(
    mistakes.map(({ action, operator, file, message = /cast\(.*word as int32\): "x"/ }) => ({
      action,
      code: "VALUE_UNSUPPORTED",
      message: expect.stringMatching(message),
      details: {
        operator: expect.stringMatching(new RegExp(`^${operator}#\\d+`)),
        partition: expect.any(Number),
        ...(file === false ? {} : { file: expect.stringContaining("lines.txt") }),
      },
    })),
  );
});
