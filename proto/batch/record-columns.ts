// Columns of records that all have the same keys in the same order, by a loop made for these keys: each value is read where
// the engine knows it lies, and numbers go straight into their column.

import { GeneratedLoops } from "../kernels/generated-loops.ts";
import { buildColumn } from "./build-column.ts";
import type { Column } from "./column.ts";

/** Below, the loop would be made for nothing. */
export const recordRowsMin = 64;

/** Of a column while it is filled. */
export type RecordValues = Float64Array | unknown[];

/** The keys of records in their order, and which of them have numbers. */
export interface RecordForm {
  readonly keys: readonly string[];
  readonly areNumbers: readonly boolean[];
}

/** That of a record as an example. */
export function recordFormOf(record: Readonly<Record<string, unknown>>): RecordForm {
  const keys = Object.keys(record);
  return { keys, areNumbers: keys.map((key) => typeof record[key] === "number") };
}

export function emptyRecordColumns({ areNumbers }: RecordForm, rows: number): RecordValues[] {
  return areNumbers.map((isNumber) =>
    isNumber ? new Float64Array(rows) : new Array<unknown>(rows),
  );
}

/** Of the first rows of what was filled. */
export function filledColumns(
  { keys }: RecordForm,
  filled: readonly RecordValues[],
  length: number,
): Column[] {
  return filled.map((all, at): Column => {
    const name = keys[at]!;
    if (!(all instanceof Float64Array)) {
      return buildColumn(name, all.length === length ? all : all.slice(0, length));
    }
    const values = all.subarray(0, length);
    return { name, length, nulls: "null", validity: undefined, type: "float64", values };
  });
}

/** Answers how many rows it took: the next is no record of these keys, or has no number where the first row has one. */
type Fill = (
  rows: readonly unknown[],
  keys: readonly string[],
  plain: object,
  ...columns: readonly RecordValues[]
) => number;

const loops = new GeneratedLoops<Fill>();

function codeOf(keys: readonly string[], areNumbers: readonly boolean[]): string {
  const reads = keys.map((key, at) => {
    const read = `const v${at} = row[${JSON.stringify(key)}];`;
    const check = areNumbers[at] === true ? `if (typeof v${at} !== "number") return i;` : "";
    return `${read} ${check} c${at}[i] = v${at};`;
  });
  return `
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
}

function fillOf({ keys, areNumbers }: RecordForm): Fill {
  const name = JSON.stringify([keys, areNumbers]);
  const known = loops.get(name);
  if (known !== undefined) return known;
  const columns = keys.map((_, at) => `c${at}`);
  return loops.make(name, ["rows", "keys", "plain", ...columns], codeOf(keys, areNumbers));
}

/** Undefined where a row has other keys than the first, or no number where that has one: then rows are looked at one by one. */
export function recordColumns(
  rows: readonly unknown[],
  first: Readonly<Record<string, unknown>>,
  canBeColumns: (keys: readonly string[]) => boolean,
): readonly Column[] | undefined {
  const form = recordFormOf(first);
  const { keys } = form;
  if (rows.length < recordRowsMin || keys.length === 0 || !canBeColumns(keys)) return undefined;
  const columns = emptyRecordColumns(form, rows.length);
  const filled = fillOf(form)(rows, keys, Object.prototype, ...columns);
  return filled < rows.length ? undefined : filledColumns(form, columns, rows.length);
}
