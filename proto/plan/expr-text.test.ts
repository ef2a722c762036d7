// Constants in plans read as what they are: expressions are known by their text, so that it also has to be whole.

import { expect, test } from "vitest";
import { exprText } from "./expr-text.ts";
import type { DataType } from "./types.ts";

const text = (type: DataType, digits: string | null) =>
  exprText({ kind: "literal", type, text: digits });

test.each<[DataType, string, string]>([
  [{ kind: "date" }, "19782", 'date "2024-02-29"'],
  [{ kind: "date" }, "-719529", 'date "-000001-12-31"'],
  [{ kind: "timestamp", zone: "UTC" }, "1709188200000000", 'timestamp(UTC) "2024-02-29 06:30:00Z"'],
  [{ kind: "timestamp" }, "-1", 'timestamp "1969-12-31 23:59:59.999999"'],
  [{ kind: "timestamp" }, "1709188200000001", 'timestamp "2024-02-29 06:30:00.000001"'],
  // No literal that anything would evaluate: it is shown as it came.
  [{ kind: "date" }, "tomorrow", 'date "tomorrow"'],
  [{ kind: "int64" }, "9007199254740993", 'int64 "9007199254740993"'],
  [{ kind: "int32" }, "-3", "-3"],
  [{ kind: "utf8" }, 'a "b"', '"a \\"b\\""'],
])("%j %s", (type, digits, shown) => {
  expect(text(type, digits)).toBe(shown);
});

test("null of any type", () => {
  expect(text({ kind: "date" }, null)).toBe("null");
});
