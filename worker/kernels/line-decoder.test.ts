// The line decoder against a naive split, at any block boundaries.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { createLineDecoder, type LineDecoder, type LineDecoderOptions } from "./line-decoder.ts";

function naive(bytes: Uint8Array): string[] {
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function decode(
  bytes: Uint8Array,
  cuts: readonly number[],
  options: LineDecoderOptions = {},
): string[] {
  const decoder: LineDecoder = createLineDecoder(options);
  const lines: string[] = [];
  let from = 0;
  for (const cut of [...cuts].sort((left, right) => left - right)) {
    const to = Math.min(cut, bytes.length);
    // A reader reuses its buffer: the decoder must not look at a block again.
    const block = bytes.slice(from, to);
    lines.push(...decoder.push(block));
    block.fill(33);
    from = to;
  }
  lines.push(...decoder.push(bytes.subarray(from)));
  return lines.concat(decoder.finish());
}

const text = fc.string({
  unit: fc.constantFrom("a", "b ", "\n", "\n", "\r\n", "\r", "é", "字", "😀", "\ufeff"),
});
const encoded = text.map((value) => new TextEncoder().encode(value));
const broken = fc.array(
  fc.constantFrom(10, 13, 97, 0xc3, 0xa9, 0xe5, 0xad, 0x97, 0xf0, 0x9f, 0x80, 0xff),
);
const bytesOfAnyKind = fc.oneof(
  encoded,
  broken.map((values) => Uint8Array.from(values)),
);

function failure(work: () => unknown): EngineError {
  try {
    work();
  } catch (error) {
    if (error instanceof EngineError) return error;
  }
  throw new Error("no EngineError was thrown");
}

describe("line decoder", () => {
  test("equals a naive split for any bytes and any cuts", () => {
    fc.assert(
      fc.property(bytesOfAnyKind, fc.array(fc.nat(60), { maxLength: 8 }), (bytes, cuts) => {
        expect(decode(bytes, cuts)).toEqual(naive(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test("every cut of one text", () => {
    const bytes = new TextEncoder().encode("one\r\nzwei é 字😀\n\n\r\nlast\r");
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second++) {
        expect(decode(bytes, [first, second])).toEqual(["one", "zwei é 字😀", "", "", "last\r"]);
      }
    }
  });

  test("a large text in blocks of 64 KiB", () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index} é`.repeat(index % 9));
    const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
    const cuts = Array.from({ length: bytes.length >> 16 }, (_, index) => (index + 1) << 16);
    expect(decode(bytes, cuts)).toEqual(lines);
  });

  test("no bytes, no lines; only newlines, empty lines", () => {
    expect(decode(new Uint8Array(0), [])).toEqual([]);
    expect(decode(Uint8Array.of(10, 10), [1])).toEqual(["", ""]);
  });

  test("a byte order mark is dropped only at the start and only on request", () => {
    const bytes = new TextEncoder().encode("\ufeffa\n\ufeffb");
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(decode(bytes, [cut], { dropByteOrderMark: true })).toEqual(["a", "\ufeffb"]);
      expect(decode(bytes, [cut])).toEqual(["\ufeffa", "\ufeffb"]);
    }
  });

  test("a line at the bound passes, and a longer one is named wherever it lies", () => {
    const options = { lineBytesMax: 5, file: "file:///a.txt" };
    const good = new TextEncoder().encode("12345\nab\n12345");
    const bad = new TextEncoder().encode("ab\nc\n123456\nd\n");
    for (let cut = 0; cut <= bad.length; cut++) {
      expect(decode(good, [cut], options)).toEqual(["12345", "ab", "12345"]);
      const error = failure(() => decode(bad, [cut], options));
      expect(error.code).toBe("INPUT_MALFORMED");
      expect(error.details).toEqual({ line: 3, byteOffset: 5, limitBytes: 5, file: options.file });
      expect(error.message).toContain("line 3, which starts at byte 5 of file:///a.txt");
    }
  });

  test("a decoder is not used after its end", () => {
    const decoder = createLineDecoder();
    decoder.finish();
    expect(() => decoder.push(new Uint8Array(1))).toThrow("after finish()");
    expect(() => decoder.finish()).toThrow("twice");
  });
});
