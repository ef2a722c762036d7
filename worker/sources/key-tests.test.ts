// What a scan leaves out because of joins, and because of what its first step reads.

import { expect, test } from "vitest";
import { makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { packerOf } from "../../proto/formats/compression/codecs.ts";
import { ParquetWriter } from "../../proto/formats/parquet/write-file.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { type Field, int32Type, utf8Type } from "../../proto/plan/types.ts";
import type { KeyTest } from "../operators/stage.ts";
import { type Reading, read } from "./testing/read-columns.ts";

const fields: readonly Field[] = [
  { name: "id", type: int32Type, nullable: true },
  { name: "word", type: utf8Type, nullable: true },
];
const rows = [
  { id: 1, word: "a" },
  { id: 2, word: "b" },
  { id: null, word: "b" },
  { id: 4, word: "b" },
];

async function parquet(): Promise<Uint8Array> {
  const writer = new ParquetWriter({ fields }, "none", await packerOf("none"));
  const columns = [
    buildColumnAs("id", int32Type, [1, 2, null, 4], "null"),
    buildColumnAs("word", utf8Type, ["a", "b", "b", "b"], "null"),
  ];
  return Buffer.concat([...writer.write(makeBatch("record", columns)), ...writer.finish()]);
}

async function asked(reading: Reading, format: "parquet" | "csv" = "parquet") {
  const csv = Buffer.from("id,word\n1,a\n2,b\n,b\n4,b\n");
  const notes: [number, boolean][] = [];
  const note = (...each: [number, boolean]) => notes.push(each);
  const bytes = format === "csv" ? csv : await parquet();
  return { rows: await read(format, bytes, { ...reading, note }), notes };
}

const column = (name: string): Expr => ({ kind: "column", name });
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });
const large = call("ge", column("id"), { kind: "literal", type: int32Type, text: "2" });
const both = call("and", large, call("gt", column("id"), call("length", column("word"))));
const wantedAfter = new Set(["word"]);

const isFour = (name: string): KeyTest => ({
  column: name,
  run: (keys) => Uint8Array.from(columnValues(keys), (value) => (Number(value) === 4 ? 1 : 0)),
});
const keyTests = [isFour("id"), isFour("word"), isFour("elsewhere")];
const last = { id: 4, word: "b" };

test("what joins ask is asked of whole numbers alone, where a scan can", async () => {
  expect(await asked({ keyTests })).toEqual({ rows: [last], notes: [[3, false]] });
  expect(await asked({ keyTests }, "csv")).toEqual({ rows, notes: [[0, false]] });
  const unknown = [{ column: "id", run: () => undefined }];
  expect(await asked({ keyTests: unknown })).toEqual({ rows, notes: [[0, false]] });
});

test("what joins ask is asked beside a condition, and no reason to ask less of what is left", async () => {
  expect(await asked({ condition: large, wantedAfter, keyTests })).toEqual({
    rows: [{ word: "b" }],
    notes: [[3, true]],
  });
  expect(await asked({ condition: both, wantedAfter, keyTests })).toEqual({
    rows: [last],
    notes: [[3, false]],
  });
});

test("what joins ask is not asked of files whose folders tell columns", async () => {
  const uri = "s3://b/year=2024/part-0";
  const options = { partitionColumns: true };
  const whole = rows.map((row) => ({ ...row, year: 2024 }));
  expect((await asked({ uri, options, keyTests })).rows).toEqual(whole);
});

test("columns that the first step does not read are not made, and one stays where it reads none", async () => {
  const uri = "s3://b/year=2024/part-0";
  const options = { partitionColumns: true };
  const wanted = async (...names: string[]) =>
    (await asked({ uri, options, wants: new Set(names) })).rows;
  expect(await wanted("word", "elsewhere")).toEqual(rows.map(({ word }) => ({ word })));
  expect(await wanted("year")).toEqual(rows.map(() => ({ year: 2024 })));
  expect(await wanted()).toEqual(rows.map(({ id }) => ({ id })));
});
