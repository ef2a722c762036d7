// Heads of pages, against a reader that makes arrays of their fields.

import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "../../errors.ts";
import { headOf, type PageHead } from "./page-head.ts";
import { asFields, asNumber, ThriftReader } from "./thrift-read.ts";
import { bool, bytes, i32, list, struct, type Thrift, thriftBytes } from "./thrift-write.ts";

/** By structs of fields, each an array. */
function plainHeadOf(from: Uint8Array): PageHead {
  const reader = new ThriftReader(from);
  const fields = reader.struct();
  const type = asNumber(fields[1], "the kind of a page");
  const common = {
    unpackedBytes: asNumber(fields[2], "the size of a page"),
    packedBytes: asNumber(fields[3], "the size of a page"),
    headBytes: reader.at,
  };
  const none = { definitionBytes: 0, repetitionBytes: 0, isPacked: true };
  const data = asFields([fields[5], undefined, fields[7], fields[8]][type]);
  if (data === undefined) return { ...common, ...none, kind: "other", values: 0, encoding: 0 };
  const values = asNumber(data[1], "the number of values of a page");
  if (type !== 3) {
    const encoding = asNumber(data[2], "the encoding of a page");
    return { ...common, ...none, kind: type === 0 ? "v1" : "dictionary", values, encoding };
  }
  return {
    ...common,
    kind: "v2",
    values,
    encoding: asNumber(data[4], "the encoding of a page"),
    definitionBytes: asNumber(data[5], "the size of levels"),
    repetitionBytes: asNumber(data[6], "the size of levels"),
    isPacked: data[7] !== false,
  };
}

const number = fc.integer({ min: -3, max: 2 ** 31 - 1 }).map(i32);
const maybe = (value: fc.Arbitrary<Thrift>) => fc.option(value, { nil: undefined, freq: 9 });
const statistics = fc
  .tuple(maybe(fc.uint8Array({ maxLength: 40 }).map(bytes)), maybe(number))
  .map(([min, nulls]) => struct([2, min], [3, nulls], [5, min], [7, bool(true)]));
const version1 = fc
  .tuple(maybe(number), maybe(number), number, maybe(statistics))
  .map(([values, encoding, levels, of]) =>
    struct([1, values], [2, encoding], [3, levels], [5, of]),
  );
const dictionary = fc
  .tuple(number, maybe(number), maybe(fc.boolean().map(bool)))
  .map(([values, encoding, isSorted]) => struct([1, values], [2, encoding], [3, isSorted]));
const version2 = fc
  .tuple(
    fc.tuple(number, number, number),
    fc.tuple(maybe(number), maybe(number), maybe(number)),
    maybe(fc.boolean().map(bool)),
    maybe(statistics),
  )
  .map(([[values, nulls, rows], [encoding, definitions, repetitions], isPacked, of]) =>
    struct(
      ...([
        [1, values],
        [2, nulls],
        [3, rows],
        [4, encoding],
      ] as const),
      ...([
        [5, definitions],
        [6, repetitions],
        [7, isPacked],
        [8, of],
      ] as const),
    ),
  );
const head = fc
  .tuple(
    maybe(fc.integer({ min: 0, max: 4 }).map(i32)),
    fc.tuple(maybe(number), maybe(number), maybe(number)),
    fc.tuple(maybe(version1), maybe(dictionary), maybe(version2)),
    maybe(fc.array(number, { maxLength: 20 }).map((items) => list("i32", items))),
  )
  .map(([type, [unpacked, packed, check], [data, words, data2], unknown]) =>
    thriftBytes(
      struct(
        ...([
          [1, type],
          [2, unpacked],
          [3, packed],
          [4, check],
        ] as const),
        ...([
          [5, data],
          [7, words],
          [8, data2],
          [30, unknown],
        ] as const),
      ),
    ),
  );

function answerOf(read: () => PageHead): PageHead | string {
  try {
    return read();
  } catch (thrown) {
    if (thrown instanceof EngineError) return thrown.code;
    throw thrown;
  }
}

test("a head is read as by structs of fields, whatever it lacks and wherever it ends", () => {
  fc.assert(
    fc.property(head, fc.double({ min: 0, max: 3, noNaN: true }), (from, share) => {
      const cut = from.subarray(0, Math.min(from.length, Math.ceil(from.length * share)));
      expect(answerOf(() => headOf(cut))).toEqual(answerOf(() => plainHeadOf(cut)));
    }),
    { numRuns: 500 },
  );
});

test("bytes that are no head are told from one, never met by another error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (from) => {
      answerOf(() => headOf(from));
    }),
    { numRuns: 2000 },
  );
});
