// Each rule by example, and what holds of all of them together.

import fc from "fast-check";
import { expect, test } from "vitest";
import { topRowsMax } from "../../proto/limits.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type { Action, LogicalNode, SortKey } from "../../proto/plan/logical.ts";
import { nodeText } from "../../proto/plan/node-text.ts";
import { allRules, optimize } from "../planner/optimize.ts";

const key: SortKey = { by: { kind: "column", name: "value" }, direction: "asc" };

type Word = "map" | "flatMap" | "filter" | "countByValue" | "reduceByKey" | "orderBy" | number;

/** A number is a limit. */
function planOf(words: readonly Word[]): LogicalNode {
  const source: LogicalNode = { kind: "readText", id: 0, pattern: "file:///in/" };
  return words.reduce<LogicalNode>((input, word, index) => {
    const id = index + 1;
    if (typeof word === "number") return { kind: "limit", id, input, rows: word };
    return word === "orderBy" ? { kind: word, id, input, key } : { kind: word, id, input };
  }, source);
}

const collect = (...words: readonly Word[]): Action => ({ kind: "collect", input: planOf(words) });
const count = (...words: readonly Word[]): Action => ({ kind: "count", input: planOf(words) });

/** `limit#2 5` as `limit 5`: kinds and arguments, without the source. */
const textOf = (action: Action): string =>
  planNodes(action.input)
    .slice(1)
    .map((node) => nodeText(node).replace(/#\d+/, ""))
    .join(", ");

/** What `orderBy` becomes where the columns are known, and where they are not. */
const sort = "sortBy value asc";
const sortOfRows = 'orderBy column "value" asc';

test.each<[string, Action, string]>([
  ["the smaller of two limits", collect(4, 9), "limit 4"],
  ["of three limits", collect(9, 4, 7), "limit 4"],
  ["a limit goes into the sort", collect("orderBy", 5), `${sort} first 5`],
  ["a limit of nothing too", collect("orderBy", 0), `${sort} first 0`],
  ["two limits go into it", collect("orderBy", 5, 3), `${sort} first 3`],
  ["also past maps", collect("orderBy", "map", "map", 5), `${sort} first 5, map, map`],
  ["past a map to another limit", collect(9, "map", 5), "limit 5, map"],
  ["not past a filter", collect("orderBy", "filter", 5), `${sort}, filter, limit 5`],
  ["not past a flatMap", collect("orderBy", "flatMap", 5), `${sort}, flatMap, limit 5`],
  ["not past a map to nothing", collect("filter", "map", 5), "filter, map, limit 5"],
  ["a large limit stays", collect("orderBy", topRowsMax + 1), `${sort}, limit ${topRowsMax + 1}`],
  ["a count sees no order", count("orderBy", "map", "filter", "flatMap"), "map, filter, flatMap"],
  ["a count sees a limit", count("orderBy", "filter", 3), `${sort}, filter, limit 3`],
  ["a count of first rows", count("orderBy", 3), `${sort} first 3`],
  ["counts by value see no order", collect("orderBy", "map", "countByValue"), "map, countByValue"],
  ["a sort hides a sort", collect("orderBy", "filter", "orderBy"), `filter, ${sort}`],
  ["not one that picks rows", collect("orderBy", 3, "orderBy"), `${sort} first 3, ${sort}`],
  ["rows of functions are sorted as rows", collect("map", "orderBy"), `map, ${sortOfRows}`],
  ["a reduce may see the order", collect("orderBy", "reduceByKey"), `${sort}, reduceByKey`],
])("%s", (_, action, optimised) => {
  expect(textOf(optimize(action))).toBe(optimised);
});

const words = fc.array(
  fc.oneof(
    fc.constantFrom<Word>("map", "flatMap", "filter", "countByValue", "reduceByKey", "orderBy"),
    fc.nat(5),
  ),
  { maxLength: 12 },
);

test("an optimised plan is as good as it gets, in whatever order the rules are tried", () => {
  fc.assert(
    fc.property(words, fc.boolean(), (chosen, isCount) => {
      const action = isCount ? count(...chosen) : collect(...chosen);
      const before = JSON.stringify(action);
      const once = optimize(action);
      expect(optimize(once)).toEqual(once);
      expect(textOf(optimize(action, { rules: [...allRules].reverse() }))).toBe(textOf(once));
      expect(JSON.stringify(action)).toBe(before);
    }),
  );
});

test("rows that read alike are not the same where their types differ", () => {
  const values = (id: number, type: "int32" | "float64"): LogicalNode => {
    const fields = [{ name: "a", type: { kind: type }, nullable: true }] as const;
    return { kind: "values", id, rowsJson: "[]", rows: 0, schema: { fields } };
  };
  const unionOf = (type: "int32" | "float64"): Action => ({
    kind: "collect",
    input: { kind: "union", id: 2, inputs: [values(0, "int32"), values(1, type)] },
  });
  const sources = (action: Action) =>
    planNodes(optimize(action).input).filter(({ kind }) => kind === "values").length;
  expect(sources(unionOf("float64"))).toBe(2);
  expect(sources(unionOf("int32"))).toBe(1);
});

test("a count of aggregates keeps no aggregate whose columns it leaves out", () => {
  const field = (name: string) => ({ name, type: { kind: "int32" }, nullable: true }) as const;
  const source: LogicalNode = {
    ...{ kind: "readColumns", id: 0, format: "parquet", pattern: "s3://in/" },
    options: { schema: { fields: [field("a"), field("b")] } },
  };
  const sum = (name: string) =>
    ({
      ...{ name: `sum of ${name}` },
      call: { function: "sum", args: [{ kind: "column", name }], distinct: false },
    }) as const;
  const input: LogicalNode = {
    ...{ kind: "aggregate", id: 1, input: source, keys: [] },
    aggregates: [sum("a"), sum("b")],
  };
  const [read, aggregate] = planNodes(optimize({ kind: "count", input }).input);
  expect(read).toMatchObject({ columns: ["a"] });
  expect(aggregate).toMatchObject({ aggregates: [{ name: "sum of a" }] });
});
