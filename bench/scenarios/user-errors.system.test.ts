// What a user's function or data gets wrong, in every kind of step: the code, the place in the program, the
// input file and the row.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureOf, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";
import { rowFunctions } from "./testing/row-functions.ts";

const folder = scratchFolder("user-errors");
const input = join(folder, "lines.txt");
writeFileSync(input, "one\ntwo\nthree\n");

const refused =
  'const refused = (word: unknown): void => { if (word === "two") throw new RangeError("no twos"); };';
const column = refused.indexOf("new RangeError") + 1;

/** Where the steps of a job call the method. */
const lineOfSteps = 8;
const placeOf = (steps: string, method: string): string =>
  `:${lineOfSteps}:${`    await mr.read.text(input)${steps}`.indexOf(`${method}(`) + 1}`;

async function failureIn(name: string, steps: string) {
  const path = join(folder, `${name}.ts`);
  const text = `import { defineJob, int32, schema, utf8, z } from "millrace";
const columns = schema({ word: utf8 });
${refused}
export default defineJob({
  name: "${name}",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    await mr.read.text(input)${steps};
    void [columns, refused, int32, output];
  },
});
`;
  writeFileSync(path, text);
  const output = `${folder}/out-${name}/`;
  const args = ["run", "--json", "--threads", "1", path, "--input", input, "--output", output];
  return failureOf(await runCommand(args));
}

const write = ".write.ndjson(output)";

interface Throwing {
  /** Method and parameter, or a phase of it that runs elsewhere. */
  readonly of: string;
  readonly operator: string;
  readonly steps: string;
  /** Behind a shuffle no file can be named. */
  readonly file?: false;
  readonly row?: number;
}

const pairs = ".map((word) => [1, word] as const)";
/** The words in several tasks, so that what they made of one key meets. */
const spread = `.repartition(3)${pairs}`;

/** A function that throws at the second row, or at the second of what meets. */
const throwing: readonly Throwing[] = [
  { of: "map.transform", operator: "map#1", steps: ".map((word) => refused(word))" },
  {
    of: "flatMap.transform",
    operator: "flatMap#1",
    steps: ".flatMap(function* (word) { yield 1; refused(word); })",
  },
  {
    of: "filter.keep",
    operator: "filter#1",
    steps: ".filter((word) => { refused(word); return true; })",
  },
  {
    of: "mapPartitions.transform",
    operator: "mapPartitions#1",
    steps: ".mapPartitions(function* (words) { for (const word of words) yield refused(word); })",
  },
  {
    of: "mapBatches.transform",
    operator: "mapBatches#1",
    steps:
      ".mapBatches(({ columns, rows }) => { for (let i = 0; i < rows; i++) refused(columns.value.values[i]); return { rows: [rows] }; })",
    // A function of batches is at the first row of its batch.
    row: 0,
  },
  {
    of: "mapAsync.transform",
    operator: "mapAsync#1",
    steps: ".mapAsync(async (word) => refused(word))",
  },
  {
    of: "reduceByKey.combine",
    operator: "reduceByKey#2",
    steps: `${pairs}.reduceByKey((a, b) => { refused(b); return a; })`,
  },
  {
    of: "reduceByKey.combine of what tasks combined",
    operator: "reduceByKey#3",
    steps: `${spread}.reduceByKey((a) => { refused("two"); return a; })`,
    file: false,
  },
  {
    of: "aggregateByKey.add",
    operator: "aggregateByKey#2",
    steps: `${pairs}.aggregateByKey(0, (n, word) => { refused(word); return n; }, (n) => n)`,
  },
  {
    of: "aggregateByKey.merge",
    operator: "aggregateByKey#3",
    steps: `${spread}.aggregateByKey(0, (n) => n + 1, (n) => { refused("two"); return n; })`,
    file: false,
  },
  {
    of: "groupByKey.sortBy",
    operator: "groupByKey#2",
    steps: `${pairs}.groupByKey({ sortBy: (word) => { refused(word); return word; } })`,
    file: false,
  },
  {
    of: "keyBy.keyOf",
    operator: "map#1",
    steps: ".keyBy((word) => { refused(word); return word; })",
  },
  {
    of: "mapValues.transform",
    operator: "map#2",
    steps: `${pairs}.mapValues((word) => refused(word))`,
  },
  {
    of: "partitionBy.partitionOf",
    operator: "repartition#2",
    steps:
      ".map((word) => [word, 1] as const).partitionBy(4, (word) => { refused(word); return 0; })",
  },
  {
    of: "reduce.combine",
    operator: "reduceByKey#2",
    steps: ".reduce((a, b) => { refused(b); return a; })",
  },
  {
    of: "orderBy.key",
    operator: "orderBy#1",
    steps: ".orderBy((word) => { refused(word); return word; })",
  },
  { of: "forEach.effect", operator: "forEach#1", steps: ".forEach((word) => refused(word))" },
  {
    of: "forEachPartition.effect",
    operator: "forEach#1",
    steps: ".forEachPartition((words) => { for (const word of words) refused(word); })",
  },
];

const actions = ["reduce.", "forEach.", "forEachPartition."];

test("every method that takes a function of rows has its case", () => {
  const covered = new Set(throwing.map(({ of }) => of.split(" ")[0]));
  expect([...covered].sort()).toEqual(rowFunctions());
});

test.each(throwing.map((given, index) => ({ ...given, index })))(
  "a function that throws: $of",
  async ({ of, operator, steps, file, row = 1, index }) => {
    const isAction = actions.some((name) => of.startsWith(name));
    const failure = await failureIn(`throws-${index}`, `${steps}${isAction ? "" : write}`);
    expect(failure).toMatchObject({
      code: "USER_CODE_FAILED",
      message: "RangeError: no twos",
      details: { operator, partition: 0, row },
    });
    expect(failure.details.source).toMatch(new RegExp(`throws-${index}\\.ts:3:${column}$`));
    if (file !== false) expect(failure.details.file).toContain("lines.txt");
  },
);

test("an async function in map: what to use instead, and the row", async () => {
  const failure = await failureIn("async-map", `.map(async (word) => word.length)${write}`);
  expect(failure.code).toBe("VALUE_UNSUPPORTED");
  expect(failure.message).toContain("use mapAsync");
  expect(failure.details).toMatchObject({ operator: "map#1", partition: 0, row: 0 });
  expect(failure.details.file).toContain("lines.txt");
});

test("a row that cannot be stored is not written empty", async () => {
  const failure = await failureIn("map-row", `.map((word) => new Map([[word, 1]]))${write}`);
  expect(failure.code).toBe("VALUE_UNSUPPORTED");
  expect(failure.message).toContain("a Map cannot be a row");
  expect(failure.details).toMatchObject({ operator: "write ndjson", partition: 0 });
});

test("rows that do not fit their schema: column, value, file and row", async () => {
  const rows = `.map((word) => ({ word: word === "two" ? null : word })).as(columns)${write}`;
  const failure = await failureIn("misfit", rows);
  expect(failure.code).toBe("INPUT_MALFORMED");
  expect(failure.message).toContain("column word: null does not fit word: utf8");
  expect(failure.details).toMatchObject({ operator: "conform#2", partition: 0, row: 1 });
  expect(failure.details.file).toContain("lines.txt");
  const absent = await failureIn("absent", `.map((text) => ({ text })).as(columns)${write}`);
  expect(absent.code).toBe("INPUT_MALFORMED");
  expect(absent.message).toContain("the rows have no field word; they have text");
});

test("a cast that fails: the expression, the value, the step, the file and the row", async () => {
  const steps =
    '.map((text) => ({ word: text === "two" ? text : "2" })).as(columns).select((c) => ({ n: c.word.cast(int32) }))';
  const failure = await failureIn("cast", `${steps}${write}`);
  expect(failure.code).toBe("VALUE_UNSUPPORTED");
  expect(failure.message).toContain('cast(word as int32): "two"');
  expect(failure.details).toMatchObject({ operator: "select#3", partition: 0, row: 1 });
  expect(failure.details.source).toBe(`cast.ts${placeOf(steps, "select")}`);
  expect(failure.details.file).toContain("lines.txt");
});

test("a misspelt column, where the compiler was not asked: the step and the columns", async () => {
  const typed = ".map((word) => ({ word })).as(columns)";
  const steps = `${typed}.where((c: any) => c.wrod.eq("one"))${write}`;
  const failure = await failureIn("misspelt", steps);
  expect(failure.code).toBe("PLAN_INVALID");
  expect(failure.message).toBe(
    "where#3: there is no column wrod; did you mean word? The columns are: word",
  );
  expect(failure.details.source).toBe(`misspelt.ts${placeOf(steps, "where")}`);
});

test.each([
  ["collect", ".collect()"],
  ["write", write],
])("a misspelt column of rows of a function, which no row has: %s", async (name, end) => {
  const steps =
    '.map((word): Record<string, unknown> => ({ word })).where((c) => c("wrod").isNull())';
  const failure = await failureIn(`untyped-${name}`, `${steps}${end}`);
  expect(failure.code).toBe("PLAN_INVALID");
  expect(failure.message).toContain(
    "where#2: there is no column wrod; did you mean word? The columns are: word. No row has it",
  );
  expect(failure.details.source).toBe(`untyped-${name}.ts${placeOf(steps, "where")}`);
  expect(existsSync(`${folder}/out-untyped-${name}/_manifest.json`)).toBe(false);
});
