// Which conditions limit a window, and which tell nothing about it.

import { expect, test } from "vitest";
import type { Expr } from "../../proto/plan/expr.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import { limitIntoWindow } from "./limit-into-window.ts";

const place: Expr = { kind: "column", name: "place" };
const number = (text: string): Expr => ({ kind: "literal", type: { kind: "int32" }, text });
const call = (name: string, ...args: Expr[]): Expr => ({ kind: "call", name, args });

/** Rows of the window `place`, a row number, for which the condition holds. */
function limitOf(predicate: Expr): number | undefined {
  const numbered = { function: "rowNumber", args: [], partitionBy: [], orderBy: [] };
  const node = {
    ...{ kind: "where", id: 2, predicate },
    input: {
      ...{ kind: "window", id: 1, windows: [{ name: "place", call: numbered }] },
      input: { kind: "readText", id: 0, pattern: "file:///in/" },
    },
  } as unknown as LogicalNode;
  const better = limitIntoWindow.rewrite(node, { isShared: () => false } as never);
  const { limit } = (better as { input?: { limit?: { rowsMax: number } } })?.input ?? {};
  return limit?.rowsMax;
}

test.each<[string, Expr, number | undefined]>([
  ["at most", call("le", place, number("3")), 3],
  ["fewer than", call("lt", place, number("3")), 2],
  ["just one", call("eq", place, number("2")), 2],
  ["the other way round", call("ge", number("3"), place), 3],
  [
    "the least of several",
    call("and", call("le", place, number("3")), call("lt", place, number("2"))),
    1,
  ],
  ["at least", call("ge", place, number("3")), undefined],
  ["none", call("le", place, number("0")), undefined],
  ["two literals", call("le", number("1"), number("3")), undefined],
  ["two columns", call("le", place, place), undefined],
])("%s", (_, condition, rowsMax) => {
  expect(limitOf(condition)).toBe(rowsMax);
});
