// Files that pyarrow and Polars write, in every layout, encoding and codec, are read with equal values.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isDeepStrictEqual } from "node:util";
import { afterAll, expect, test } from "vitest";
import { openArrow, readArrow } from "../../proto/batch/arrow-files.ts";
import type { Batch } from "../../proto/batch/batch.ts";
import { openParquet, readParquet } from "../../proto/formats/parquet/read-file.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { plainBatchRows } from "./plain-values.ts";
import { missingPython, runPython } from "./python.ts";

const folder = mkdtempSync(`${tmpdir()}/millrace-writers-`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function readAll(path: string): Promise<{ schema: Schema; batches: readonly Batch[] }> {
  const bytes = readFileSync(path);
  const read = async (offset: number, length: number) => bytes.subarray(offset, offset + length);
  const input = { uri: path, sizeBytes: bytes.length, read };
  const whole = { startByte: 0, endByte: bytes.length };
  const batches: Batch[] = [];
  if (path.endsWith(".arrow")) {
    const file = await openArrow(input);
    for await (const batch of readArrow(file, whole)) batches.push(batch);
    return { schema: file.schema, batches };
  }
  const file = await openParquet(input);
  const { schema } = file;
  for await (const batch of readParquet(file, { fields: schema.fields, schema, ...whole })) {
    batches.push(batch);
  }
  return { schema, batches };
}

/** By column, in the order of the file. */
function columnsOf(batches: readonly Batch[], schema: Schema): Map<string, unknown[]> {
  const rows = plainBatchRows(batches, schema) as Readonly<Record<string, unknown>>[];
  return new Map(schema.fields.map(({ name }) => [name, rows.map((row) => row[name])]));
}

/** Columns as JSON by their path; most files hold the same ones. */
function readOnce(): (path: string) => object {
  const known = new Map<string, object>();
  return (path) => {
    const found = known.get(path) ?? (JSON.parse(readFileSync(path, "utf8")) as object);
    known.set(path, found);
    return found;
  };
}

test("of pyarrow and Polars", { timeout: 300_000 }, async ({ skip }) => {
  const missing = missingPython();
  if (missing !== undefined) skip(`files of pyarrow and Polars were not read: ${missing}`);
  const written = runPython("python-writers.py", folder);
  expect(written.stderr).toBe("");
  const files = written.stdout.trim().split("\n");
  const expectedOf = readOnce();
  expect(files.length).toBeGreaterThan(30);
  for (const line of files) {
    const [name, rows] = line.split("\t");
    const expected = expectedOf(`${folder}/${rows}`);
    const { schema, batches } = await readAll(`${folder}/${name}`);
    expect(schema.fields.map((field) => field.name)).toEqual(Object.keys(expected));
    const found = columnsOf(batches, schema);
    for (const [column, values] of Object.entries(expected)) {
      // Some seven million values: `toEqual` is left to say what differs.
      if (isDeepStrictEqual(found.get(column), values)) continue;
      expect(found.get(column), `${column} of ${name}`).toEqual(values);
    }
  }
});
