// The small twin of `npm run bench:scale -- --only parquet`.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fewRows, makeParquet, oneColumn } from "./parquet-bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-parquet-bytes-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("one column of twenty is a tenth of the bytes at most; a filter fetches matching row groups", async () => {
  const path = await makeParquet(folder, 60_000_000);
  const one = await oneColumn(path);
  expect(one.rows).toBe(375_000);
  expect(one.bytes).toBeLessThan(one.fileBytes / 10);
  const few = await fewRows(path, 200_000);
  expect(few.rows).toBe(122_880);
  expect(few.bytes).toBeLessThan((few.fileBytes * 122_880) / 375_000 + 1_000_000);
}, 60_000);
