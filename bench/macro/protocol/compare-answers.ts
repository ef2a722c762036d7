// Whether two answers are the same: exact but for numbers, which may differ within a stated tolerance.

import type { Answer, Cell, Rows } from "./workload.ts";

export const toleranceDefault = 1e-9;

/** Numbers may come as text: decimals and 64 bits do not fit a JavaScript number. */
function numberOf(cell: Cell): number | undefined {
  if (typeof cell === "number") return cell;
  if (typeof cell !== "string" || !/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell))
    return undefined;
  return Number(cell);
}

function isSameCell(a: Cell, b: Cell, tolerance: number): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x === undefined || y === undefined) return String(a) === String(b);
  if (x === y || (Number.isNaN(x) && Number.isNaN(y))) return true;
  // Differences of large sums that cancel out are held against 1.
  return Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y), 1);
}

function orderOfCells(a: Cell, b: Cell): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x - y;
  return String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0;
}

function inCellOrder(rows: Rows): Rows {
  return [...rows].sort((a, b) => {
    for (let at = 0; at < a.length; at++) {
      const order = orderOfCells(a[at] ?? null, b[at] ?? null);
      if (order !== 0) return order;
    }
    return 0;
  });
}

/** What differs first, in words; undefined where the answers agree. */
export function differenceOf(got: Rows, expected: Rows, answer: Answer): string | undefined {
  const tolerance = answer.tolerance ?? toleranceDefault;
  if (got.length !== expected.length) return `${got.length} rows, not ${expected.length}`;
  const isOrdered = answer.ordered === true;
  const [left, right] = isOrdered ? [got, expected] : [inCellOrder(got), inCellOrder(expected)];
  for (const [at, row] of left.entries()) {
    const other = right[at] ?? [];
    const isSame =
      row.length === other.length &&
      row.every((cell, column) => isSameCell(cell, other[column] ?? null, tolerance));
    if (!isSame) return `row ${at + 1} is ${JSON.stringify(row)}, not ${JSON.stringify(other)}`;
  }
  return undefined;
}
