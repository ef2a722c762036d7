// Calls a function for the rows of a batch by a loop made for its columns: values go from typed arrays into the row
// that the function sees, without an array of them for each column, and only those that it can touch.

import { type Batch, batchRows } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { columnValues, integersToNumbers } from "../../proto/batch/decode-column.ts";
import { decodeStrings } from "../../proto/batch/text.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import { cellAt } from "./cells.ts";
import { touchedFields } from "./touched-fields.ts";
import type { UserCode } from "./user-code.ts";

type RowFunction = (row: unknown) => unknown;

/** How values of a column are read at row `i`, and from which arrays. */
interface Reader {
  /** With `a` and `b` for the arrays. */
  readonly value: string;
  readonly a: ArrayLike<unknown>;
  readonly b?: ArrayLike<unknown>;
}

function readerOf(column: Column): Reader {
  switch (column.type) {
    case "float64":
    case "int32":
    case "int64":
      return { value: "a[i]", a: column.values as ArrayLike<unknown> };
    case "int53":
      return { value: "a[i]", a: integersToNumbers(column.values) };
    case "bool":
      return { value: "((a[i >> 3] >> (i & 7)) & 1) === 1", a: column.values };
    case "dictionary": {
      const { offsets, values } = column.dictionary;
      return { value: "a[b[i]]", a: decodeStrings(offsets, values), b: column.codes };
    }
    default:
      // Nulls of these are in their values already.
      return { value: "a[i]", a: columnValues(column) };
  }
}

const withOwnNulls = new Set(["float64", "int32", "int64", "int53", "bool", "dictionary"]);

/** The text of a column's value, with its arrays as parameters `a…`, `b…` and `v…`; undefined where keys may be missing. */
function valueText(column: Column, at: number, args: ArrayLike<unknown>[]): string | undefined {
  const mayMiss = column.nulls === "missing" && (column.validity ?? column.type === "null");
  if (mayMiss !== undefined && mayMiss !== false) return undefined;
  const { value, a, b = [] } = readerOf(column);
  const valid = withOwnNulls.has(column.type) ? column.validity : undefined;
  args.push(a, b, valid ?? []);
  const text = value.replaceAll(/\b[ab]\b/g, (name) => `${name}${at}`);
  return valid === undefined ? text : `((v${at}[i >> 3] >> (i & 7)) & 1) === 1 ? ${text} : null`;
}

interface Compiled {
  readonly text: string;
  readonly args: readonly ArrayLike<unknown>[];
}

/** An expression for row `i`; undefined where a plain object cannot be written down for it. */
function rowText(batch: Batch, touched: ReadonlySet<string> | undefined): Compiled | undefined {
  const args: ArrayLike<unknown>[] = [];
  const values: string[] = [];
  for (const column of batch.columns) {
    if (batch.shape === "record" && touched !== undefined && !touched.has(column.name)) continue;
    const text = valueText(column, args.length / 3, args);
    if (text === undefined || column.name === "__proto__") return undefined;
    values.push(batch.shape === "record" ? `${JSON.stringify(column.name)}: ${text}` : text);
  }
  switch (batch.shape) {
    case "scalar":
      return { text: values[0] ?? "undefined", args };
    case "pair":
      return { text: `[${values.join()}]`, args };
    default:
      return { text: `{${values.join()}}`, args };
  }
}

type Loop = (
  closure: RowFunction,
  out: unknown[],
  ints: Int32Array,
  base: number,
  start: number,
  end: number,
  ...args: readonly ArrayLike<unknown>[]
) => void;

/** Loops of one function by what they read: compiled for it alone, so that the engine can inline it. */
const loops = new WeakMap<RowFunction, Map<string, Loop>>();
const touchedOf = new WeakMap<RowFunction, ReadonlySet<string> | "all">();

function loopOf(closure: RowFunction, { text, args }: Compiled): Loop {
  let own = loops.get(closure);
  if (own === undefined) {
    own = new Map();
    loops.set(closure, own);
  }
  const known = own.get(text);
  if (known !== undefined) return known;
  const names = args.map((_, at) => `${"abv"[at % 3]}${Math.floor(at / 3)}`);
  const code = `for (let i = start; i < end; i++) {
    ints[${cellAt.row}] = base + i;
    out[i - start] = closure(${text});
  }`;
  const loop = new Function(
    "closure",
    "out",
    "ints",
    "base",
    "start",
    "end",
    ...names,
    code,
  ) as Loop;
  own.set(text, loop);
  return loop;
}

function touchedBy(closure: RowFunction): ReadonlySet<string> | undefined {
  const known = touchedOf.get(closure) ?? touchedFields(closure) ?? "all";
  touchedOf.set(closure, known);
  return known === "all" ? undefined : known;
}

/**
 * The function's answers for all rows of a batch, a chunk at a time; `base` is the number of the batch's first row.
 * What the function throws passes, with the row in the cells.
 */
export function* callRows(
  closure: RowFunction,
  batch: Batch,
  { cells: { ints } }: UserCode,
  base: number,
): Iterable<unknown[]> {
  const row = rowText(batch, touchedBy(closure));
  const rows = row === undefined ? batchRows(batch) : [];
  const loop: Loop =
    row === undefined
      ? (_, out, cells, first, start, end) => {
          for (let i = start; i < end; i++) {
            cells[cellAt.row] = first + i;
            out[i - start] = closure(rows[i]);
          }
        }
      : loopOf(closure, row);
  for (let start = 0; start < batch.rows; start += chunkRowsMax) {
    const end = Math.min(start + chunkRowsMax, batch.rows);
    const out = new Array<unknown>(end - start);
    loop(closure, out, ints, base, start, end, ...(row?.args ?? []));
    yield out;
  }
}
