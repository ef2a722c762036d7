// Columns of NDJSON files, whatever blocks their bytes come in, and what is said of lines that do not fit.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, batchRows } from "../../proto/batch/batch.ts";
import { EngineError } from "../../proto/errors.ts";
import { batchBytesAimed, lineBytesMax } from "../../proto/limits/formats.ts";
import { type Field, int53Type, utf8Type } from "../../proto/plan/types.ts";
import { gunzipBlocks } from "../executor/gunzip.ts";
import type { ByteReader } from "./byte-reader.ts";
import { ndjsonColumns } from "./ndjson-columns.ts";

const uri = "s3://bucket/input";
const fields: readonly Field[] = [
  { name: "n", type: int53Type, nullable: true },
  { name: "text", type: utf8Type, nullable: true },
];

/** Blocks share one buffer, as those of a real reader do. */
function readerOf(bytes: Uint8Array, blockBytes: number): ByteReader {
  return {
    openRange: (_, start, end) => {
      let at = start;
      const shared = new Uint8Array(blockBytes);
      return {
        next: async () => {
          if (at >= end) return undefined;
          const part = bytes.subarray(at, Math.min(at + blockBytes, end));
          at += part.length;
          shared.fill(0);
          shared.set(part);
          return shared.subarray(0, part.length);
        },
        close: () => undefined,
      };
    },
  };
}

async function batchesOf(bytes: Uint8Array, blockBytes: number, cuts: readonly number[] = []) {
  const edges = [...new Set([0, ...cuts, bytes.length])].sort((a, b) => a - b);
  const batches: Batch[] = [];
  for (let at = 1; at < edges.length; at++) {
    const [startByte, endByte] = [edges[at - 1]!, edges[at]!];
    const range = {
      uri,
      fileBytes: bytes.length,
      startByte,
      endByte,
      compression: "none",
    } as const;
    const schema = { fields };
    const format = "ndjson";
    const program = { kind: "columns", node: 0, format, options: { schema } } as const;
    const count = { add: () => undefined, leaveOut: () => undefined };
    const take = () => ({ bytes: 0, rowsLeftOut: 0 });
    const world = {
      reader: readerOf(bytes, blockBytes),
      gunzip: gunzipBlocks,
      onFile: () => undefined,
      count: { ...count, take },
    };
    for await (const batch of ndjsonColumns({ range, program, fields, schema }, world)) {
      batches.push(batch);
    }
  }
  return batches;
}

const encode = (text: string) => new TextEncoder().encode(text);

async function failure(promise: Promise<unknown>): Promise<EngineError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

test("lines longer than blocks, empty ones, and those that end with CRLF or nothing, cut anywhere", async () => {
  const text = fc.constantFrom("", "é字😀", 'a"\n', "x".repeat(50));
  const record = fc.record({ n: fc.option(fc.maxSafeInteger()), text: fc.option(text) });
  const end = fc.constantFrom("\n", "\r\n", "\n\n", "\r\n \t\r\n");
  const file = fc.tuple(
    fc.array(fc.tuple(record, end), { maxLength: 8 }),
    fc.boolean(),
    fc.integer({ min: 1, max: 90 }),
    fc.array(fc.nat(400), { maxLength: 4 }),
  );
  await fc.assert(
    fc.asyncProperty(file, async ([lines, endsInside, blockBytes, cuts]) => {
      const all = lines.map(([row, lineEnd]) => JSON.stringify(row) + lineEnd).join("");
      const bytes = encode(endsInside ? all.trimEnd() : all);
      const inside = cuts.filter((cut) => cut > 0 && cut < bytes.length);
      const batches = await batchesOf(bytes, blockBytes, inside);
      expect(batches.flatMap(batchRows)).toEqual(lines.map(([row]) => row));
    }),
    { numRuns: 300 },
  );
});

test("what is no UTF-8 becomes U+FFFD, and lines stay where they are", async () => {
  const bytes = Buffer.from('{"text":"a\xffb"}\n{"text":"\xc3"}\n{"n":1}\n', "latin1");
  for (const blockBytes of [1, 3, 10, 100]) {
    expect((await batchesOf(bytes, blockBytes)).flatMap(batchRows)).toEqual([
      { n: null, text: "a\ufffdb" },
      { n: null, text: "\ufffd" },
      { n: 1, text: null },
    ]);
  }
});

test("a line that is no record of the schema is named by line and byte", async () => {
  const good = '{"n":1}\r\n\n';
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{"n":1,}', /JSON/],
    ['{"n":01}', /JSON/],
    ['{"text":"\\x"}', /JSON/],
    ['{"text":"a\tb"}', /JSON/],
    ['{"n":1}{"n":2}', /JSON/],
    ["[1]", /no object/],
    ['{"n":9007199254740993}', /at "n" is no int53/],
    ['{"n":1.5}', /1\.5 at "n" is no int53/],
    ['{"text":5}', /5 at "text" is no utf8/],
  ];
  for (const [line, pattern] of cases) {
    const bytes = encode(`${good}${good}${line}\n${good}`);
    for (const blockBytes of [3, 1000]) {
      for (const cuts of [[], [10], [15]]) {
        const error = await failure(batchesOf(bytes, blockBytes, cuts));
        expect(error.message, line).toMatch(pattern);
        const details = { file: uri, line: 5, byteOffset: 20 };
        expect(error).toMatchObject({ code: "INPUT_MALFORMED", details });
      }
    }
  }
});

test("rows of long texts make small batches, and lines without an end are refused", async () => {
  const line = encode(`{"text":"${"x".repeat(batchBytesAimed / 4)}"}\n`);
  const bytes = Buffer.concat(Array.from({ length: 6 }, () => line));
  const batches = await batchesOf(bytes, 1024 * 1024);
  expect(batches.map(({ rows }) => rows)).toEqual([4, 2]);
  const endless = new Uint8Array(lineBytesMax + 10).fill(120);
  endless.set(encode("{}\n"));
  const error = await failure(batchesOf(endless.subarray(0, -1), 8 * 1024 * 1024));
  expect(error.message).toMatch(/is longer than 67108864 bytes/);
  expect(error.details).toMatchObject({ file: uri, byteOffset: 3 });
});
