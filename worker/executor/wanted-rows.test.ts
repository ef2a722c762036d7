// Tasks with a limit stop reading once it is full, and answer what they would from the whole input.

import { expect, test } from "vitest";
import type { OperatorProgram, SourceProgram } from "../../proto/plan/program.ts";
import { float64Type, utf8Type } from "../../proto/plan/types.ts";
import { readBytesFirst } from "../sources/growing-blocks.ts";
import { collect, rowsOf, TestCluster } from "./test-cluster.ts";
import { rowsWantedFirst } from "./wanted-rows.ts";

const lines = 60_000;
const schema = {
  fields: [
    { name: "id", type: float64Type, nullable: true },
    { name: "name", type: utf8Type, nullable: true },
  ],
};
const record = (id: number) => ({ id, name: `name-${id}` });
const asJson = Array.from({ length: lines }, (_, id) => `${JSON.stringify(record(id))}\n`).join("");
const asCsv = `id,name\n${Array.from({ length: lines }, (_, id) => `${id},name-${id}\n`).join("")}`;

const ndjson: SourceProgram = { kind: "ndjson", node: 0 };
const typedJson: SourceProgram = {
  kind: "columns",
  node: 0,
  format: "ndjson",
  options: { schema },
};
const typedCsv: SourceProgram = {
  kind: "columns",
  node: 0,
  format: "csv",
  options: { schema },
};
const text: SourceProgram = { kind: "text", node: 0 };

async function taken(source: SourceProgram, file: string, operators: readonly OperatorProgram[]) {
  const program = { source, operators, sink: collect };
  const cluster = new TestCluster({ 1: (row: { readonly id: number }) => row.id >= 1000 });
  const results = await cluster.run([{ tasks: 1, files: [file], program }]);
  return { rows: rowsOf(results), bytes: results[0]!.bytesIn };
}

const three = { kind: "limit", node: 2, rows: 3 } as const;
const late = { kind: "filter", node: 1 } as const;

test.each([
  ["lines of JSON", ndjson, asJson],
  ["typed NDJSON", typedJson, asJson],
  ["typed CSV", typedCsv, asCsv],
])("of %s only the first block is read", async (_, source, file) => {
  const { rows, bytes } = await taken(source, file, [three]);
  expect(rows).toEqual([0, 1, 2].map(record));
  // The head of a CSV file is read apart.
  expect(bytes).toBeLessThanOrEqual(2 * readBytesFirst);
});

test("of text only the first block is read", async () => {
  const { rows, bytes } = await taken(text, asCsv, [three]);
  expect(rows).toEqual(["id,name", "0,name-0", "1,name-1"]);
  expect(bytes).toBeLessThanOrEqual(readBytesFirst);
});

test.each([
  ["lines of JSON", ndjson, asJson],
  ["typed NDJSON", typedJson, asJson],
  ["typed CSV", typedCsv, asCsv],
])("rows that a filter drops do not fill the limit of %s", async (_, source, file) => {
  const { rows } = await taken(source, file, [late, three]);
  expect(rows).toEqual([1000, 1001, 1002].map(record));
});

test.each([
  ["lines of JSON", ndjson, asJson],
  ["typed NDJSON", typedJson, asJson],
  ["typed CSV", typedCsv, asCsv],
])("a limit above the rows there are gives all %s", async (_, source, file) => {
  const { rows } = await taken(source, file, [{ ...three, rows: lines + 1 }]);
  expect(rows).toEqual(Array.from({ length: lines }, (__, id) => record(id)));
});

test("only steps that hand on rows at once lie before the limit that counts", () => {
  const distinct = { kind: "distinct", node: 3 } as const;
  expect(rowsWantedFirst([late, { ...three, offset: 4 }])).toBe(7);
  expect(rowsWantedFirst([late])).toBeUndefined();
  expect(rowsWantedFirst([distinct, three])).toBeUndefined();
});
