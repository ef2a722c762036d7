// Pieces of JSON: together what JSON.stringify says, and of the moment they were asked for.

import { expect, test } from "vitest";
import { jsonPieces } from "./json-pieces.ts";

const joined = (pieces: readonly (() => string)[]): string => pieces.map((make) => make()).join("");

test("lists of any length, cut anywhere, are what JSON.stringify makes of them", () => {
  for (const length of [0, 1, 2, 3, 4, 7]) {
    const items = Array.from({ length }, (_, at) => ({ at, text: `"${at},` }));
    for (const itemsPerPiece of [1, 2, 3, 100]) {
      const json = jsonPieces();
      json.list(items, itemsPerPiece);
      expect(joined(json.pieces())).toBe(JSON.stringify(items));
    }
  }
});

test("objects, values and lists put one by one nest", () => {
  const json = jsonPieces();
  json.begin({ a: 1, text: "}" }, "rows");
  json.each([1, 2], (row) => {
    json.begin({ row }, "of");
    json.value({ deep: [row] });
    json.text("}");
  });
  json.text("}");
  const whole = { a: 1, text: "}", rows: [1, 2].map((row) => ({ row, of: { deep: [row] } })) };
  expect(joined(json.pieces())).toBe(JSON.stringify(whole));
});

test("a list is what it was when it was put", () => {
  const json = jsonPieces();
  const items = [{ task: 1 }, { task: 2 }];
  json.list(items);
  items[0] = { task: 9 };
  items.pop();
  expect(joined(json.pieces())).toBe('[{"task":1},{"task":2}]');
});
