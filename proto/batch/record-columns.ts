// Columns of records that all have the same keys in the same order, by a loop made for these keys: each value is read where
// the engine knows it lies, and numbers go straight into their column.

import { buildColumn } from "./build-column.ts";
import type { Column } from "./column.ts";

/** Below, the loop would be made for nothing. */
const rowsMin = 64;
/** Loops that are kept: the one made first goes first. */
const loopsKeptMax = 256;

type Values = Float64Array | unknown[];

/** Answers how many rows it took: the next is no record of these keys, or has no number where the first row has one. */
type Fill = (
  rows: readonly unknown[],
  keys: readonly string[],
  plain: object,
  ...columns: readonly Values[]
) => number;

const loops = new Map<string, Fill>();

function makeFill(keys: readonly string[], areNumbers: readonly boolean[]): Fill {
  const columns = keys.map((_, at) => `c${at}`);
  const reads = keys.map((key, at) => {
    const read = `const v${at} = row[${JSON.stringify(key)}];`;
    const check = areNumbers[at] === true ? `if (typeof v${at} !== "number") return i;` : "";
    return `${read} ${check} c${at}[i] = v${at};`;
  });
  const code = `
    for (const key in plain) return 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      if (typeof row !== "object" || row === null) return i;
      const prototype = Object.getPrototypeOf(row);
      if (prototype !== plain && prototype !== null) return i;
      let at = 0;
      for (const key in row) if (key !== keys[at++]) return i;
      if (at !== ${keys.length}) return i;
      ${reads.join("\n")}
    }
    return rows.length;`;
  return new Function("rows", "keys", "plain", ...columns, code) as Fill;
}

function fillOf(keys: readonly string[], areNumbers: readonly boolean[]): Fill {
  const name = JSON.stringify([keys, areNumbers]);
  const known = loops.get(name);
  if (known !== undefined) return known;
  const made = makeFill(keys, areNumbers);
  loops.set(name, made);
  for (const oldest of loops.keys()) {
    if (loops.size <= loopsKeptMax) break;
    loops.delete(oldest);
  }
  return made;
}

/** Undefined where a row has other keys than the first, or no number where that has one: then rows are looked at one by one. */
export function recordColumns(
  rows: readonly unknown[],
  first: Readonly<Record<string, unknown>>,
  canBeColumns: (keys: readonly string[]) => boolean,
): readonly Column[] | undefined {
  const keys = Object.keys(first);
  if (rows.length < rowsMin || keys.length === 0 || !canBeColumns(keys)) return undefined;
  const areNumbers = keys.map((key) => typeof first[key] === "number");
  const { length } = rows;
  const columns = areNumbers.map(
    (isNumber): Values => (isNumber ? new Float64Array(length) : new Array<unknown>(length)),
  );
  const fill = fillOf(keys, areNumbers);
  if (fill(rows, keys, Object.prototype, ...columns) < length) return undefined;
  return columns.map((values, at): Column => {
    const name = keys[at]!;
    if (!(values instanceof Float64Array)) return buildColumn(name, values);
    return { name, length, nulls: "null", validity: undefined, type: "float64", values };
  });
}
