// Bytes that are no UTF-8 mean the same in every source of text: U+FFFD, as TextDecoder puts it, value by value.

import { expect, test } from "vitest";
import type { FileRange } from "../../proto/plan/program.ts";
import { gunzipBlocks } from "../executor/gunzip.ts";
import { storeReader } from "./byte-reader.ts";
import { csvSource } from "./csv.ts";
import { ndjsonSource } from "./ndjson.ts";
import type { FileSource } from "./source.ts";
import { read, storeOf } from "./testing/read-columns.ts";
import { textSource } from "./text.ts";

/** The middle of a character, its beginning alone, one cut by the end of its field, an overlong one, half a pair. */
const damaged = ["a\xffb", "\xc3", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "ok", "\xa9"].map(
  (text) => Buffer.from(text, "latin1"),
);
const expected = damaged.map((bytes) => new TextDecoder("utf-8").decode(bytes));

async function rowsOf(source: FileSource, bytes: Uint8Array): Promise<readonly unknown[]> {
  const rows: unknown[] = [];
  const range: FileRange = {
    uri: "s3://bucket/input",
    fileBytes: bytes.length,
    startByte: 0,
    endByte: bytes.length,
    compression: "none",
  };
  const reader = storeReader(storeOf(bytes) as Parameters<typeof storeReader>[0]);
  await source.run(
    { ranges: [range] },
    { reader, gunzip: gunzipBlocks, onFile: () => undefined },
    { push: async (more) => rows.push(...more) > 0 },
  );
  return rows;
}

function lines(before: string, behind: string, head = ""): Uint8Array {
  const parts = damaged.flatMap((bytes) => [Buffer.from(before), bytes, Buffer.from(behind)]);
  return Buffer.concat([Buffer.from(head), ...parts]);
}

test("CSV, NDJSON and text agree, as rows and as columns", async () => {
  const csv = { header: true, delimiter: ",", columns: {} } as const;
  const asRecords = expected.map((a) => ({ a, b: "1" }));
  for (const quote of ["", '"']) {
    const bytes = lines(quote, `${quote},1\n`, "a,b\n");
    expect(await rowsOf(csvSource(csv), bytes)).toEqual(asRecords);
    const found = (await read("csv", bytes)) as readonly { readonly a: string }[];
    expect(found.map(({ a }) => a)).toEqual(expected);
  }
  // Two fields of one column follow each other without a byte between them.
  const halves = Buffer.from("a\n\xc3\n\xa9\n", "latin1");
  expect(await read("csv", halves)).toEqual([{ a: "\ufffd" }, { a: "\ufffd" }]);
  const json = lines('{"a":"', '"}\n');
  expect(await rowsOf(ndjsonSource, json)).toEqual(expected.map((a) => ({ a })));
  expect(await read("ndjson", json)).toEqual(expected.map((a) => ({ a })));
  expect(await rowsOf(textSource, lines("", "\n"))).toEqual(expected);
});
