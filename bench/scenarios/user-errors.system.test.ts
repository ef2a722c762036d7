// What a user's function or data gets wrong, in every kind of step: the code, the place in the program, the
// input file and the row.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { failureOf, runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("user-errors");
const input = join(folder, "lines.txt");
writeFileSync(input, "one\ntwo\nthree\n");

const refused =
  'const refused = (word: unknown): void => { if (word === "two") throw new RangeError("no twos"); };';
const column = refused.indexOf("new RangeError") + 1;

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

/** A step whose function throws at the second row, and whether a file can be named. */
const throwing: readonly (readonly [operator: string, steps: string, file?: false])[] = [
  ["map#1", `.map((word) => refused(word))${write}`],
  ["flatMap#1", `.flatMap(function* (word) { yield 1; refused(word); })${write}`],
  ["filter#1", `.filter((word) => { refused(word); return true; })${write}`],
  [
    "mapPartitions#1",
    `.mapPartitions(function* (words) { for (const word of words) yield refused(word); })${write}`,
  ],
  ["mapAsync#1", `.mapAsync(async (word) => refused(word))${write}`],
  [
    "reduceByKey#2",
    `.map((word) => [1, word] as const).reduceByKey((a, b) => { refused(b); return a; })${write}`,
  ],
  [
    "aggregateByKey#2",
    `.map((word) => [1, word] as const).aggregateByKey(0, (n, word) => { refused(word); return n; }, (n) => n)${write}`,
  ],
  [
    "groupByKey#2",
    `.map((word) => [1, word] as const).groupByKey({ sortBy: (word) => { refused(word); return word; } })${write}`,
    false,
  ],
  ["map#1", `.keyBy((word) => { refused(word); return word; })${write}`],
  ["map#2", `.map((word) => [1, word] as const).mapValues((word) => refused(word))${write}`],
  [
    "repartition#2",
    `.map((word) => [word, 1] as const).partitionBy(4, (word) => { refused(word); return 0; })${write}`,
  ],
  ["reduceByKey#2", ".reduce((a, b) => { refused(b); return a; })"],
  ["orderBy#1", `.orderBy((word) => { refused(word); return word; })${write}`],
  ["forEach#1", ".forEach((word) => refused(word))"],
  ["forEach#1", ".forEachPartition((words) => { for (const word of words) refused(word); })"],
];

test.each(throwing.map((given, index) => ({ given, index })))(
  "a function that throws in $given.0 ($index)",
  async ({ given: [operator, steps, hasFile = true], index }) => {
    const failure = await failureIn(`throws-${index}`, steps);
    expect(failure).toMatchObject({
      code: "USER_CODE_FAILED",
      message: "RangeError: no twos",
      details: { operator, partition: 0, row: 1 },
    });
    expect(failure.details.source).toMatch(new RegExp(`throws-${index}\\.ts:3:${column}$`));
    if (hasFile) expect(failure.details.file).toContain("lines.txt");
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
  expect(failure.details.file).toContain("lines.txt");
});

test("a misspelt column, where the compiler was not asked: the step and the columns", async () => {
  const typed = ".map((word) => ({ word })).as(columns)";
  const failure = await failureIn(
    "misspelt",
    `${typed}.where((c: any) => c.wrod.eq("one"))${write}`,
  );
  expect(failure.code).toBe("PLAN_INVALID");
  expect(failure.message).toBe(
    "where#3: there is no column wrod; did you mean word? The columns are: word",
  );
});
