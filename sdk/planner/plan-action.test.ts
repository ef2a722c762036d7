// Golden plans: `UPDATE_GOLDENS=1 npx vitest run sdk/planner` rewrites testdata/ after a wanted change.

import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { namedFilesMax } from "../../proto/limits.ts";
import type { InputFile, PlanTargets } from "../../proto/plan/bundle.ts";
import type { Action, LogicalNode, SortKey } from "../../proto/plan/logical.ts";
import { planAction as planOver } from "./plan-action.ts";
import { oneInput } from "./plan-inputs.ts";

const text: LogicalNode = { kind: "readText", id: 0, pattern: "file:///in/" };
const csv: LogicalNode = {
  kind: "readCsv",
  id: 0,
  pattern: "s3://b/t.csv",
  options: { header: true, delimiter: ";", columns: { price: "number" } },
};
const byCount: SortKey = { by: { kind: "column", name: "count" }, direction: "desc" };
const byClosure: SortKey = { by: { kind: "closure" }, direction: "asc" };

const planAction = (
  action: Action,
  actionIndex: number,
  files: readonly InputFile[],
  planTargets?: PlanTargets,
) => {
  const options = planTargets === undefined ? {} : { targets: planTargets };
  return planOver(action, actionIndex, oneInput(action, files), options);
};

type Step = (input: LogicalNode, id: number) => LogicalNode;
const map: Step = (input, id) => ({ kind: "map", id, input });
const flatMap: Step = (input, id) => ({ kind: "flatMap", id, input });
const filter: Step = (input, id) => ({ kind: "filter", id, input });
const countByValue: Step = (input, id) => ({ kind: "countByValue", id, input });
const reduceByKey: Step = (input, id) => ({ kind: "reduceByKey", id, input });
const orderBy =
  (key: SortKey): Step =>
  (input, id) => ({ kind: "orderBy", id, input, key });
const limit =
  (rows: number): Step =>
  (input, id) => ({ kind: "limit", id, input, rows });

const plan = (source: LogicalNode, ...steps: readonly Step[]): LogicalNode =>
  steps.reduce((input, step, index) => step(input, index + 1), source);
const collect = (input: LogicalNode): Action => ({ kind: "collect", input });
const count = (input: LogicalNode): Action => ({ kind: "count", input });
const write = (input: LogicalNode): Action => ({
  kind: "write",
  input,
  format: "ndjson",
  folderUri: "file:///out/",
});

const one: readonly InputFile[] = [{ uri: "file:///in/a.txt", sizeBytes: 90 }];
const many: readonly InputFile[] = [
  { uri: "file:///in/a.txt", sizeBytes: 250 },
  { uri: "file:///in/b.txt", sizeBytes: 10 },
  { uri: "file:///in/c.txt.gz", sizeBytes: 20 },
];
const targets: PlanTargets = { splitBytes: 100, partitionBytes: 150, coalescedBytes: 20 };
const onePartition: PlanTargets = { splitBytes: 100, partitionBytes: 1000, coalescedBytes: 20 };
const wordCount = plan(text, flatMap, countByValue, orderBy(byCount));

const goldens: readonly (readonly [string, Action, readonly InputFile[], PlanTargets])[] = [
  ["word-count-one-split", write(wordCount), one, targets],
  ["word-count-range-sort", write(wordCount), many, targets],
  ["word-count-one-partition", write(wordCount), many, onePartition],
  ["word-count-top", collect(limit(10)(wordCount, 4)), many, targets],
  ["top-below-map", collect(plan(text, orderBy(byClosure), map, limit(3))), many, targets],
  ["sort-before-shuffle", write(plan(text, orderBy(byClosure), filter)), many, targets],
  ["sort-one-partition", write(plan(text, orderBy(byClosure))), many, onePartition],
  ["count-drops-sort", count(plan(text, map, orderBy(byClosure), filter)), many, targets],
  ["count-of-limit", count(plan(text, limit(7))), many, targets],
  ["take-without-order", collect(plan(text, filter, limit(5))), many, targets],
  ["limits-merge", collect(plan(text, limit(9), limit(4))), many, targets],
  ["limit-in-the-middle", write(plan(text, limit(9), map)), many, targets],
  ["limit-below-map-stays", collect(plan(text, map, limit(9))), many, targets],
  ["reduce-by-key", collect(plan(text, map, reduceByKey)), many, targets],
  ["csv-is-not-cut", count(csv), [{ uri: "s3://b/t.csv", sizeBytes: 900 }], targets],
  ["two-shuffles", write(plan(text, countByValue, map, reduceByKey)), many, targets],
  ["sort-of-sort", write(plan(text, map, orderBy(byClosure), orderBy(byCount))), one, targets],
];

test.each(goldens)("plans %s", (name, action, files, planTargets) => {
  const planned = planAction(action, 0, files, planTargets);
  const { logical, optimised, physical } = planned.text;
  const printed = `logical\n${logical}\noptimised\n${optimised}\nphysical\n${physical}`;
  const file = new URL(`testdata/${name}.txt`, import.meta.url);
  if (process.env.UPDATE_GOLDENS === "1") writeFileSync(file, printed);
  expect(printed).toBe(readFileSync(file, "utf8"));
});

test("planning is pure: equal arguments give equal graphs, arguments stay as they were", () => {
  const action = structuredClone(collect(limit(10)(wordCount, 4)));
  const first = planAction(action, 3, many, targets);
  expect(planAction(action, 3, many, targets)).toEqual(first);
  expect(action).toEqual(collect(limit(10)(wordCount, 4)));
  expect(first.graph.actionIndex).toBe(3);
});

test("the digest does not depend on what the inputs hold", () => {
  const a = planAction(write(wordCount), 0, one, targets);
  const b = planAction(write(wordCount), 0, many, targets);
  expect(a.graph.planDigest).toBe(b.graph.planDigest);
});

test("a top of very many rows is sorted as a whole", () => {
  const planned = planAction(
    collect(plan(text, map, orderBy(byCount), limit(100_001))),
    0,
    many,
    targets,
  );
  expect(planned.text.optimised).toContain("limit#3 100001");
  expect(planned.text.physical).toContain("within bounds of stage");
});

test("a sort over very many tasks holds two partitions each, and takes fewer samples of each", () => {
  const files = Array.from({ length: 9000 }, (_, index) => ({
    uri: `file:///in/${index}`,
    sizeBytes: 100,
  }));
  const { graph } = planAction(write(plan(text, map, orderBy(byCount))), 0, files, targets);
  const [held, bounds, divide] = graph.stages;
  expect(held?.taskCount).toBe(9000);
  expect(held?.output).toEqual({ kind: "shuffle", partitions: 2 });
  expect(held?.program.sink).toMatchObject({ partitioner: { samplesMax: 29 } });
  expect(bounds?.inputs).toEqual([{ stageId: 0, partition: 1, maps: "all" }]);
  expect(divide?.inputs[0]).toEqual({ stageId: 0, partition: 0, maps: "own" });
});

test("a plan over no files is refused", () => {
  expect(() => planAction(count(text), 0, [], targets)).toThrow(/no input file matches/);
});

test("a graph that does not fit one message is refused with its size", () => {
  const folder = "a-long-name/".repeat(80);
  const files = Array.from({ length: namedFilesMax }, (_, index) => ({
    uri: `s3://bucket/${folder}part-${index}.ndjson`,
    sizeBytes: 1,
  }));
  const why = new RegExp(`over ${namedFilesMax} files takes \\d+ characters`);
  expect(() => planAction(count(text), 0, files)).toThrow(why);
});
