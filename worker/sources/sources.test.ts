// Sources against naive readers, at any split, and what they say of damaged files.
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchRows } from "../../proto/batch/batch.ts";
import { EngineError } from "../../proto/errors.ts";
import type { CsvOptions } from "../../proto/plan/logical.ts";
import type { FileRange } from "../../proto/plan/program.ts";
import { gunzipBlocks } from "../executor/gunzip.ts";
import type { ByteReader } from "./byte-reader.ts";
import { csvSource } from "./csv.ts";
import { readLineColumns } from "./line-columns.ts";
import { ndjsonSource } from "./ndjson.ts";
import type { FileSource } from "./source.ts";
import { textSource } from "./text.ts";

const uri = "file:///data/input";

/** Blocks share one buffer, as those of a real reader do. */
function memoryReader(bytes: Uint8Array, blockBytesMax: number): ByteReader {
  return {
    openRange: (_, start, end) => {
      let at = start;
      const shared = new Uint8Array(blockBytesMax);
      return {
        next: async () => {
          if (at >= end) return undefined;
          const part = bytes.subarray(at, Math.min(at + blockBytesMax, end));
          at += part.length;
          shared.fill(0);
          shared.set(part);
          return shared.subarray(0, part.length);
        },
        close: () => {
          at = end;
        },
      };
    },
  };
}

async function read(
  source: FileSource,
  bytes: Uint8Array,
  cuts: readonly number[] = [],
  blockBytes = 7,
  compression: FileRange["compression"] = "none",
): Promise<unknown[]> {
  const rows: unknown[] = [];
  const edges = [...new Set([0, ...cuts, bytes.length])].sort((a, b) => a - b);
  const ranges = edges.slice(1).map((endByte, index) => {
    return { uri, fileBytes: bytes.length, startByte: edges[index]!, endByte, compression };
  });
  const reader = memoryReader(bytes, blockBytes);
  for (const range of ranges) {
    // A task per split: nothing may leak from one into the next.
    await source.run(
      { ranges: [range] },
      { reader, gunzip: gunzipBlocks, onFile: () => undefined },
      {
        push: async (chunk) => {
          rows.push(...chunk);
          return true;
        },
      },
    );
  }
  return rows;
}

/** Lines by way of columns, as the source of rows gives them. */
const lineColumns: FileSource = {
  run: (split, world, sink) =>
    readLineColumns(split, world, {
      pushBatch: (batch, bytes) => sink.push(batchRows(batch), bytes),
    }),
};

async function failure(promise: Promise<unknown>): Promise<EngineError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(EngineError);
  return error as EngineError;
}

const encode = (text: string) => new TextEncoder().encode(text);
const piece = fc.constantFrom("a", "bc", "é", "😀", "\n", "\r\n", "\n\n", " ", "x".repeat(20));
const someText = fc.array(piece, { maxLength: 40 }).map((parts) => parts.join(""));
const cutsOf = (length: number) => fc.array(fc.nat({ max: Math.max(1, length) }), { maxLength: 5 });

function naiveLines(text: string): string[] {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  const ended = lines.map((line) => line.replace(/\r$/, ""));
  return last === "" ? ended : [...ended, last];
}

describe.each([
  ["text", textSource],
  ["text as columns", lineColumns],
])("%s", (_, textSource) => {
  test("splits anywhere give every line once, in order", async () => {
    const cases = someText.chain((text) =>
      fc.tuple(fc.constant(text), cutsOf(encode(text).length), fc.integer({ min: 1, max: 30 })),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([text, cuts, blockBytes]) => {
        const bytes = encode(text);
        const inside = cuts.filter((cut) => cut <= bytes.length);
        expect(await read(textSource, bytes, inside, blockBytes)).toEqual(naiveLines(text));
      }),
    );
  });

  test("a byte order mark is no text", async () => {
    expect(await read(textSource, encode("\ufeffone\ntwo"), [], 64)).toEqual(["one", "two"]);
    expect(await read(textSource, encode("\ufeffone\ntwo"), [5], 64)).toEqual(["one", "two"]);
  });

  test("reading stops when no more rows are wanted", async () => {
    const bytes = encode("a\n".repeat(1000));
    let pushes = 0;
    const range = {
      uri,
      fileBytes: 2000,
      startByte: 0,
      endByte: 2000,
      compression: "none",
    } as const;
    await textSource.run(
      { ranges: [range, range] },
      { reader: memoryReader(bytes, 100), gunzip: gunzipBlocks, onFile: () => undefined },
      {
        push: async () => {
          pushes++;
          return false;
        },
      },
    );
    expect(pushes).toBe(1);
  });
});

describe("gzip", () => {
  test("several members read as one text", async () => {
    const packed = Buffer.concat([gzipSync("one\ntw"), gzipSync("o\nthree")]);
    const rows = await read(textSource, packed, [], 5, "gzip");
    expect(rows).toEqual(["one", "two", "three"]);
  });

  test("damage names the file and the byte", async () => {
    const packed = gzipSync(Buffer.from("some text\n".repeat(2000)));
    const cut = await failure(read(textSource, packed.subarray(0, 40), [], 16, "gzip"));
    expect(cut).toMatchObject({ code: "INPUT_UNREADABLE", details: { file: uri } });
    const flipped = Buffer.from(packed);
    flipped[30] = flipped[30]! ^ 0xff;
    const bad = await failure(read(textSource, flipped, [], 16, "gzip"));
    expect(bad.code).toBe("INPUT_UNREADABLE");
    expect(bad.details.byteOffset).toBeGreaterThan(0);
    const garbage = Buffer.concat([packed, Buffer.from("garbage")]);
    const behind = await failure(read(textSource, garbage, [], 16, "gzip"));
    expect(behind.code).toBe("INPUT_UNREADABLE");
  });
});

describe("ndjson", () => {
  test("values of all kinds, blank lines skipped", async () => {
    const text = '{"a":1}\n\n  \r\n[1,2]\r\n"x"\n  null\n';
    expect(await read(ndjsonSource, encode(text), [9, 20])).toEqual([{ a: 1 }, [1, 2], "x", null]);
  });

  test("a bad line is named by line and byte, in any split", async () => {
    const text = '{"a":1}\n{"a":2}\n\n{"a":\n{"a":4}\n';
    for (const cuts of [[], [8], [9], [17], [16], [3, 12, 18]]) {
      const error = await failure(read(ndjsonSource, encode(text), cuts));
      expect(error).toMatchObject({
        code: "INPUT_MALFORMED",
        details: { file: uri, line: 4, byteOffset: 17 },
      });
    }
    const packed = await failure(read(ndjsonSource, gzipSync(text), [], 9, "gzip"));
    expect(packed.details).toMatchObject({ line: 4, byteOffset: 17 });
  });
});

const plainCsv: CsvOptions = { header: true, delimiter: ",", columns: {} };

function quoteField(field: string, always: boolean): string {
  if (!always && !/[",\r\n]/.test(field)) return field;
  return `"${field.replaceAll('"', '""')}"`;
}

describe("csv", () => {
  test("what a writer quotes reads back, at any split", async () => {
    const field = fc
      .array(fc.constantFrom("a", '"', ",", "\n", "\r\n", "é", "1"), { maxLength: 6 })
      .map((parts) => parts.join(""));
    const table = fc.array(fc.tuple(field, field), { maxLength: 8 });
    const cases = fc.tuple(
      table,
      fc.boolean(),
      fc.constantFrom("\n", "\r\n"),
      fc.array(fc.nat(200)),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([rows, always, lineEnd, cuts]) => {
        const lines = [["left", "right"], ...rows].map((fields) =>
          fields.map((item) => quoteField(item, always)).join(","),
        );
        const bytes = encode(lines.join(lineEnd) + lineEnd);
        const inside = cuts.filter((cut) => cut < bytes.length);
        const expected = rows.map(([left, right]) => ({ left, right }));
        expect(await read(csvSource(plainCsv), bytes, inside)).toEqual(expected);
        expect(await read(csvSource(plainCsv), bytes, [], 1000)).toEqual(expected);
      }),
    );
  });

  test("typed columns, no header, another delimiter", async () => {
    const columns = { c0: "number", c1: "bigint", c2: "boolean" } as const;
    const options: CsvOptions = { header: false, delimiter: ";", columns };
    const rows = await read(csvSource(options), encode("\ufeff1.5;12;true;x\n-2e3; 7 ;FALSE;"));
    expect(rows).toEqual([
      { c0: 1.5, c1: 12n, c2: true },
      { c0: -2000, c1: 7n, c2: false },
    ]);
    const all = await read(csvSource({ ...options, columns: {} }), encode("1;\n"));
    expect(all).toEqual([{ c0: "1", c1: "" }]);
  });

  test("faults are named by line and byte", async () => {
    const typed: CsvOptions = { ...plainCsv, columns: { b: "number" } };
    const cases: [CsvOptions, string, number, RegExp][] = [
      [plainCsv, 'a,b\n"x\ny",2\n1,2,3\n', 4, /3 fields where 2 belong/],
      [plainCsv, 'a,b\n1,"2\n', 2, /never ends/],
      [plainCsv, 'a,b\n1,x"y"\n', 2, /does not begin/],
      [plainCsv, 'a,b\n"1"2,3\n', 2, /after its closing quote/],
      [plainCsv, "a,a\n1,2\n", 1, /twice/],
      [typed, "a,b\n1,2\n\n3,x\n", 4, /"x" in column "b" is not a number/],
      [typed, "a,b\n1,\n", 2, /an empty field in column "b"/],
      [typed, "a,c\n1,2\n", 1, /no column "b"/],
    ];
    for (const [options, text, line, pattern] of cases) {
      const error = await failure(read(csvSource(options), encode(text)));
      const byteOffset = encode(
        text
          .split("\n")
          .slice(0, line - 1)
          .join("\n"),
      ).length;
      expect(error.message).toMatch(pattern);
      expect(error.details).toMatchObject({ file: uri, line });
      expect(error.details.byteOffset).toBe(line === 1 ? 0 : byteOffset + 1);
    }
    const cut = await failure(read(csvSource(typed), encode("a,b\n1,2\n3,x\n"), [6]));
    expect(cut.details).toMatchObject({ line: 3, byteOffset: 8 });
  });
});
