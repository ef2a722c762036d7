// Calls a function for the rows of a batch by a loop made for its columns: values go from typed arrays into the row
// that the function sees, without an array of them for each column, and only those that it can touch.

import { type Batch, batchRows } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { columnValues, integersToNumbers } from "../../proto/batch/decode-column.ts";
import type { RecordForm, RecordValues } from "../../proto/batch/record-columns.ts";
import { decodeStrings } from "../../proto/batch/text.ts";
import { GeneratedLoops } from "../../proto/kernels/generated-loops.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import { answeredKeys } from "./answered-keys.ts";
import { cellAt } from "./cells.ts";
import { touchedFields } from "./touched-fields.ts";
import type { UserCode } from "./user-code.ts";

export type RowFunction = (row: unknown) => unknown;

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

/** Rows from `start` to `end`, whose answers go to `out` from the place of `first` on. Answers where it ended. */
export type Loop<Out> = (
  closure: RowFunction,
  out: Out,
  ints: Int32Array,
  base: number,
  first: number,
  start: number,
  end: number,
  ...args: readonly ArrayLike<unknown>[]
) => number;

interface Loops {
  readonly values: GeneratedLoops<Loop<unknown[]>>;
  readonly numbers: GeneratedLoops<Loop<NumberAnswers>>;
  readonly records: GeneratedLoops<Loop<RecordAnswers>>;
}

/** Loops of one function by what they read: compiled for it alone, so that the engine can inline it. */
const loops = new WeakMap<RowFunction, Loops>();
const touchedOf = new WeakMap<RowFunction, ReadonlySet<string> | "all">();

function loopsOf(closure: RowFunction): Loops {
  let own = loops.get(closure);
  if (own === undefined) {
    own = {
      values: new GeneratedLoops(),
      numbers: new GeneratedLoops(),
      records: new GeneratedLoops(),
    };
    loops.set(closure, own);
  }
  return own;
}

/** `before`: what is done first. `store`: what is done with an `answer`. */
function loopOf<Out>(
  known: GeneratedLoops<Loop<Out>>,
  { text, args }: Compiled,
  store: string,
  before = "",
): Loop<Out> {
  const name = `${before}${text}${store}`;
  const loop = known.get(name);
  if (loop !== undefined) return loop;
  const names = args.map((_, at) => `${"abv"[at % 3]}${Math.floor(at / 3)}`);
  const code = `${before} for (let i = start; i < end; i++) {
    ints[${cellAt.row}] = base + i;
    const answer = closure(${text});
    ${store}
  }
  return end;`;
  const own = ["closure", "out", "ints", "base", "first", "start", "end"];
  return known.make(name, [...own, ...names], code);
}

const storeValue = "out[i - first] = answer;";
const storeNumber = `if (typeof answer !== "number") { out.other = answer; return i; }
    out.numbers[i - first] = answer;`;

function touchedBy(closure: RowFunction): ReadonlySet<string> | undefined {
  const known = touchedOf.get(closure) ?? touchedFields(closure) ?? "all";
  touchedOf.set(closure, known);
  return known === "all" ? undefined : known;
}

/** A row for which the function was called already. */
export interface CalledRow {
  readonly row: number;
  readonly answer: unknown;
}

/**
 * The function's answers for all rows of a batch, a chunk at a time; `base` is the number of the batch's first row.
 * What the function throws passes, with the row in the cells. `called`: only the answers from that row on.
 */
export function* callRows(
  closure: RowFunction,
  batch: Batch,
  { cells: { ints } }: UserCode,
  base: number,
  called?: CalledRow,
): Iterable<unknown[]> {
  const row = rowText(batch, touchedBy(closure));
  const rows = row === undefined ? batchRows(batch) : [];
  const loop: Loop<unknown[]> =
    row === undefined
      ? (_, out, cells, before, first, start, end) => {
          for (let i = start; i < end; i++) {
            cells[cellAt.row] = before + i;
            out[i - first] = closure(rows[i]);
          }
          return end;
        }
      : loopOf(loopsOf(closure).values, row, storeValue);
  for (let first = called?.row ?? 0; first < batch.rows; first += chunkRowsMax) {
    const end = Math.min(first + chunkRowsMax, batch.rows);
    const out = new Array<unknown>(end - first);
    const isCalled = first === called?.row;
    if (isCalled) out[0] = called.answer;
    loop(closure, out, ints, base, first, isCalled ? first + 1 : first, end, ...(row?.args ?? []));
    yield out;
  }
}

/** Numbers that a function answered, and what it answered in the place of one. */
export interface NumberAnswers {
  readonly numbers: Float64Array;
  other: unknown;
}

/** Calls the function for some rows; answers where it ended, which is at the first answer that is no number. */
export type CallForNumbers = (out: NumberAnswers, start: number, end: number) => number;

/** As `callRows`, while answers are numbers: these need be no values. Undefined where rows have to be made one by one. */
export function numberCalls(
  closure: RowFunction,
  batch: Batch,
  { cells: { ints } }: UserCode,
  base: number,
): CallForNumbers | undefined {
  const row = rowText(batch, touchedBy(closure));
  if (row === undefined) return undefined;
  const loop = loopOf(loopsOf(closure).numbers, row, storeNumber);
  return (out, start, end) => loop(closure, out, ints, base, 0, start, end, ...row.args);
}

/** Values of records that a function answered, a column for each key, and what it answered in the place of one. */
export interface RecordAnswers {
  readonly columns: readonly RecordValues[];
  readonly keys: readonly string[];
  other: unknown;
}

/** As `numberCalls`, while answers are records of just these keys in this order, with numbers where there are to be. */
export function recordCalls(
  closure: RowFunction,
  form: RecordForm,
  batch: Batch,
  { cells: { ints } }: UserCode,
  base: number,
): ((out: RecordAnswers, start: number, end: number) => number) | undefined {
  const row = rowText(batch, touchedBy(closure));
  if (row === undefined) return undefined;
  const { before, store } = recordStore(form, haveKeys(closure, form.keys));
  const loop = loopOf(loopsOf(closure).records, row, store, before);
  return (out, start, end) => loop(closure, out, ints, base, 0, start, end, ...row.args);
}

/** Whether it answers nothing but records of these keys. */
function haveKeys(closure: RowFunction, keys: readonly string[]): boolean {
  const own = answeredKeys(closure);
  return own?.length === keys.length && own.every((key, at) => key === keys[at]);
}

/** An answer dies where its values were read: an array of answers would make them all live longer. */
function recordStore({ keys, areNumbers }: RecordForm, areSure: boolean) {
  const isOther = "{ out.other = answer; return i; }";
  const columns = keys.map((_, at) => `const c${at} = out.columns[${at}];`);
  const reads = keys.map((key, at) => {
    const check = areNumbers[at] === true ? `if (typeof k${at} !== "number") ${isOther}` : "";
    return `const k${at} = answer[${JSON.stringify(key)}]; ${check}`;
  });
  const check = `
    if (typeof answer !== "object" || answer === null) ${isOther}
    const prototype = Object.getPrototypeOf(answer);
    if (prototype !== plain && prototype !== null) ${isOther}
    let at = 0;
    for (const key in answer) if (key !== keys[at++]) ${isOther}
    if (at !== ${keys.length}) ${isOther}`;
  const store = `
    ${areSure ? "" : check}
    ${reads.join("\n")}
    ${keys.map((_, at) => `c${at}[i - first] = k${at};`).join("\n")}`;
  const before = `const plain = Object.prototype, keys = out.keys; ${columns.join("\n")}`;
  return { before, store };
}
