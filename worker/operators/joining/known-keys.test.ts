// Whether a key is there, as plain comparison says it: by bits, and where those do not do by a table.

import { expect, test } from "vitest";
import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { type DataType, decimalType, int64Type, utf8Type } from "../../../proto/plan/types.ts";
import { KeyBits } from "./key-bits.ts";
import { KnownKeys } from "./known-keys.ts";

type Values = readonly (string | bigint | null)[];

const columnOf = (type: DataType, values: Values): Column =>
  buildColumnAs("k", type, [...values], "null");

function found(kept: readonly Column[], asked: readonly Column[]): readonly boolean[] {
  const bits = kept.map((column) => new KeyBits(column));
  const table = new KnownKeys(kept, kept[0]!.length, bits);
  const firsts = [...table.firstsOf(asked, asked[0]!.length)];
  table.close();
  return firsts.map((first) => first >= 0);
}

test.each<[string, DataType, Values, DataType, Values, readonly boolean[]]>([
  ["numbers", int64Type, [3n, 5n, 3n], int64Type, [5n, 4n, 3n, -1n], [true, false, true, false]],
  ["nulls, which equal nothing", int64Type, [null, 3n], int64Type, [null, 3n], [false, true]],
  ["numbers far apart", int64Type, [0n, 2n ** 40n], int64Type, [2n ** 40n, 1n], [true, false]],
  ["numbers and decimals", int64Type, [3n, 5n], decimalType(9, 1), ["3.0", "5.5"], [true, false]],
  ["texts", utf8Type, ["a", null, "b"], utf8Type, ["b", "c", null], [true, false, false]],
])("one key: %s", (_, type, kept, askedType, asked, expected) => {
  expect(found([columnOf(type, kept)], [columnOf(askedType, asked)])).toEqual(expected);
});

test("several keys have to be there together", () => {
  const pairs = (a: Values, b: Values) => [columnOf(int64Type, a), columnOf(int64Type, b)];
  const expected = [true, false, false];
  expect(found(pairs([1n, 2n], [10n, 20n]), pairs([2n, 1n, 2n], [20n, 20n, null]))).toEqual(
    expected,
  );
});
