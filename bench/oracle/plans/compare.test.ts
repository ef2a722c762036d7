// What counts as equal among numbers that were added up in different orders.

import { expect, test } from "vitest";
import { judged } from "./check-program.ts";
import type { Program } from "./random-program.ts";

function verdictOf(engine: number, oracle: number): string {
  const known = { inexact: new Set(["a"]) };
  const program = { known, promised: "rows", isCount: false } as unknown as Program;
  const rows = (a: number) => ({ kind: "rows", rows: [{ a }] }) as const;
  return judged(program, rows(engine), rows(oracle)).kind;
}

test("neighbours agree also where nine digits round them apart", () => {
  expect(verdictOf(453061503.49999994, 453061503.5)).toBe("agrees");
  expect(verdictOf(199999999.49999997, 199999999.5)).toBe("agrees");
});

test("other numbers differ", () => {
  expect(verdictOf(453061503, 453061505)).toBe("differs");
  expect(verdictOf(0.1, 0.100000002)).toBe("differs");
});
