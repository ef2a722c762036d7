// A column that is not there: refused when planning where the plan shows it, else when no row had it; by the engine,
// over tasks of a few rows, and by the test kit alike.

import { expect, test } from "vitest";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import type { Dataset } from "../../sdk/index.ts";
import { defineJob, schema, utf8, z } from "../../sdk/index.ts";
import { testJob } from "../../sdk/testing/test-job.ts";
import { runInMemory } from "./in-memory-engine.ts";

type Row = Record<string, unknown>;

/** The second word is optional, and only the last line has it. */
const text = "one\ntwo\nthree\nfour\nfive five\n";
const context = {
  jobId: "j",
  paramsJson: "{}",
  seed: 1,
  submittedWallMs: 0,
  workingFolder: "/base",
};
const planTargets = { splitBytes: 4, partitionBytes: 4, coalescedBytes: 8 };

/** Rows of a function whose columns only the run tells. */
function rowsOf(lines: Dataset<string>): Dataset<Row> {
  return lines.map((line): Row => {
    const [word, second] = line.split(" ");
    return { word, ...(second === undefined ? {} : { second }) };
  });
}

async function both(steps: (rows: Dataset<Row>, lines: Dataset<string>) => Promise<unknown>) {
  const job = defineJob({
    name: "absent",
    params: z.object({}),
    run: async (mr) => {
      const lines = mr.read.text("lines.txt");
      return await steps(rowsOf(lines), lines);
    },
  });
  const answered = (run: Promise<unknown>) =>
    run.then(
      (value) => ({ value }),
      (thrown: Error & { readonly code?: string }) => ({
        code: thrown.code,
        message: thrown.message,
      }),
    );
  const files = new Map([["file:///base/lines.txt", new TextEncoder().encode(text)]]);
  const engine = runInMemory({ bundle: createBundle(job), context, files, planTargets });
  const kit = testJob(job, {}, { files: { "lines.txt": text } });
  return {
    engine: await answered(engine.then(({ value }) => value)),
    kit: await answered(kit.then(({ result }) => result)),
  };
}

/** As of a program that the compiler was not asked about. */
const c = (name: string) =>
  ((columns: (name: string) => { isNull(): unknown }) => columns(name).isNull()) as never;

test.each<[string, (rows: Dataset<Row>, lines: Dataset<string>) => Promise<unknown>, string]>([
  [
    "where",
    (rows) => rows.where(c("wrod")).count(),
    "where#2: there is no column wrod; did you mean word?",
  ],
  ["select", (rows) => rows.select("wrod").collect(), "select#2: there is no column wrod"],
  [
    "behind a filter",
    (rows) =>
      rows
        .filter(() => true)
        .select("wrod")
        .collect(),
    "select#3: there is no",
  ],
  [
    "a sort",
    (rows) => rows.orderBy("wrod" as never).collect(),
    "orderBy#2: there is no column wrod",
  ],
  ["distinct", (rows) => rows.distinct("wrod").collect(), "distinct#2: there is no column wrod"],
  [
    "explode",
    (rows) => rows.explode("wrod" as never).collect(),
    "explode#2: there is no column wrod",
  ],
  ["drop", (rows) => rows.drop("wrod").collect(), "alter#2: there is no column wrod"],
  [
    "a group",
    (rows) => rows.groupBy("wrod").count().collect(),
    "aggregate#2: there is no column wrod",
  ],
  [
    "a join",
    (rows) => rows.join(rows.select("word"), "wrod" as never).collect(),
    "join#3: there is no column wrod; did you mean word?",
  ],
  [
    "a column that a select left out",
    (rows) => rows.select("word").where(c("second")).count(),
    "where#3: there is no column second",
  ],
  [
    "a column that was renamed on the way",
    (rows) => rows.rename({ word: "name" }).where(c("word")).count(),
    "where#3: there is no column word",
  ],
  [
    "of both inputs of a union",
    (rows, lines) =>
      rows
        .union(lines.map((line): Row => ({ line })))
        .where(c("wrod"))
        .count(),
    "there is no column wrod; did you mean word?",
  ],
  [
    "before a limit that wants no more",
    (rows) => rows.select("wrod").limit(1).collect(),
    "select#2: there is no column wrod",
  ],
  [
    "before a limit that wants nothing",
    (rows) => rows.select("wrod").limit(0).collect(),
    "select#2: there is no column wrod",
  ],
  [
    "behind a limit",
    (rows) => rows.limit(0).select("wrod").collect(),
    "select#3: there is no column wrod",
  ],
  [
    "behind a sort, before a limit",
    (_, lines) =>
      lines
        .orderBy("value")
        .map((line): Row => ({ line }))
        .select("wrod")
        .limit(1)
        .collect(),
    "select#4: there is no column wrod",
  ],
])("%s", async (_, steps, message) => {
  const { engine, kit } = await both(steps);
  for (const { code, message: said } of [engine, kit] as { code: string; message: string }[]) {
    expect(code).toBe("PLAN_INVALID");
    expect(said).toContain(message);
  }
});

test.each<[string, (rows: Dataset<Row>, lines: Dataset<string>) => Promise<unknown>, unknown]>([
  [
    "a column that none of the first rows has",
    (rows) => rows.where((x) => x("second").isNull()).take(1),
    [{ word: "one" }],
  ],
  [
    "nor those that a limit left",
    (rows) =>
      rows
        .limit(1)
        .where((x) => x("second").isNull())
        .collect(),
    [{ word: "one" }],
  ],
  [
    "nor the first of a sort",
    (_, lines) =>
      lines
        .orderBy("value", "desc")
        .map((line): Row => (line === "five five" ? { line, second: 1 } : { line }))
        .where((x) => x("second").isNull())
        .limit(1)
        .collect(),
    [{ line: "two" }],
  ],
  ["a column that few rows have", (rows) => rows.where((x) => x("second").isNotNull()).count(), 1],
  [
    "also where a filter leaves none of them",
    (rows) =>
      rows
        .filter((row) => row.word === "one")
        .where((x) => x("second").isNull())
        .count(),
    1,
  ],
  [
    "of one input of a union",
    (rows, lines) =>
      rows
        .union(lines.map((line): Row => ({ line })))
        .where((x) => x("line").isNotNull())
        .count(),
    5,
  ],
  [
    "without any row",
    (rows) =>
      rows
        .filter(() => false)
        .map((row) => row)
        .select("wrod")
        .collect(),
    [],
  ],
  [
    "that was declared",
    (rows) =>
      rows
        .as(schema({ word: utf8, third: utf8.nullable() }))
        .where((x) => x.third.isNull())
        .count(),
    5,
  ],
  [
    "keys and values of pairs",
    (_, lines) =>
      lines
        .map((line) => [line, 1])
        .orderBy("key" as never)
        .limit(1)
        .collect(),
    [["five five", 1]],
  ],
])("no error: %s", async (_, steps, value) => {
  expect(await both(steps)).toEqual({ engine: { value }, kit: { value } });
});
