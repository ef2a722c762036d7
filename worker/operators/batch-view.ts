// What the function of mapBatches is given and answers: columns as typed arrays, or plain ones for the rest.

import { type Batch, batchOfRows, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumn } from "../../proto/batch/build-column.ts";
import { type Column, columnType, isValid } from "../../proto/batch/column.ts";
import { columnValues, integersToNumbers } from "../../proto/batch/decode-column.ts";
import { typeText } from "../../proto/plan/types.ts";
import { bitAt, bitBytes, setBit } from "../kernels/columns/bits.ts";
import { unsupported } from "./user-code.ts";

/** Values of one column: numbers, bigints and 0 or 1 in typed arrays, dates as milliseconds since 1970. */
export interface ColumnView {
  readonly values: ArrayLike<unknown>;
  /** Where it is set: 1 for each row that has a value, 0 for null. */
  readonly valid?: Uint8Array;
  /** As plans show it: `int64`, `decimal(15,2)`, `timestamp(UTC)`, … */
  readonly type?: string;
  /** Of timestamps: microseconds since 1970, of which `values` has the milliseconds. */
  readonly micros?: BigInt64Array;
}

export interface BatchView {
  readonly rows: number;
  readonly columns: Readonly<Record<string, ColumnView>>;
}

function numbersOfDates(column: Column): Float64Array {
  const dates = columnValues({ ...column, validity: undefined } as Column) as Date[];
  return Float64Array.from(dates, (date) => date.getTime());
}

function bytesOfBits(bits: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = bitAt(bits, i);
  return out;
}

function viewedValues(column: Column): ArrayLike<unknown> {
  switch (column.type) {
    case "float64":
    case "int32":
    case "int64":
      return column.values;
    case "int53":
      return integersToNumbers(column.values);
    case "bool":
      return bytesOfBits(column.values, column.length);
    case "date":
      return Float64Array.from(column.values, (days) => days * 86_400_000);
    case "timestamp":
      return numbersOfDates(column);
    default:
      return columnValues(column);
  }
}

function validOf(column: Column): Uint8Array | undefined {
  if (column.validity !== undefined) return bytesOfBits(column.validity, column.length);
  return column.type === "null" ? new Uint8Array(column.length) : undefined;
}

/** Columns are made when they are first asked for: a function rarely looks at all of them. */
export function viewOf(batch: Batch): BatchView {
  const columns: Record<string, ColumnView> = {};
  for (const column of batch.columns) {
    let view: ColumnView | undefined;
    Object.defineProperty(columns, column.name, {
      enumerable: true,
      get: () => {
        if (view !== undefined) return view;
        let values: ArrayLike<unknown> | undefined;
        const valid = validOf(column);
        view = {
          get values() {
            values ??= viewedValues(column);
            return values;
          },
          ...(valid === undefined ? {} : { valid }),
          type: typeText(columnType(column)),
          ...(column.type === "timestamp" ? { micros: column.values } : {}),
        };
        return view;
      },
    });
  }
  return { rows: batch.rows, columns };
}

function bitsOfBytes(bytes: ArrayLike<unknown>): Uint8Array {
  const bits = new Uint8Array(bitBytes(bytes.length));
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) setBit(bits, i);
  return bits;
}

function typedColumn(name: string, values: ArrayLike<unknown>, of: string): Column {
  const base = { name, length: values.length, nulls: "null", validity: undefined } as const;
  // Copied: the function may use its array again.
  if (values instanceof Float64Array) return { ...base, type: "float64", values: values.slice() };
  if (values instanceof Int32Array) return { ...base, type: "int32", values: values.slice() };
  if (values instanceof BigInt64Array) return { ...base, type: "int64", values: values.slice() };
  if (values instanceof Uint8Array) return { ...base, type: "bool", values: bitsOfBytes(values) };
  if (Array.isArray(values)) return buildColumn(name, values);
  throw unsupported(
    `${of} answered ${Object.prototype.toString.call(values)} for column ${name}; ` +
      "answer a Float64Array, Int32Array, BigInt64Array, Uint8Array (of 0 and 1) or an array",
  );
}

function withValid(column: Column, valid: ArrayLike<number>, of: string): Column {
  if (valid.length !== column.length) {
    throw unsupported(
      `${of} answered ${valid.length} marks of validity for the ` +
        `${column.length} values of column ${column.name}`,
    );
  }
  const validity = new Uint8Array(bitBytes(column.length));
  for (let i = 0; i < column.length; i++) {
    if (valid[i] !== 0 && isValid(column, i)) setBit(validity, i);
  }
  return column.type === "null" ? column : { ...column, validity };
}

function isView(value: object): value is ColumnView {
  return !Array.isArray(value) && !ArrayBuffer.isView(value) && "values" in value;
}

function answeredColumn(name: string, value: unknown, of: string): Column {
  if (typeof value !== "object" || value === null) {
    throw unsupported(`${of} answered a ${typeof value} for column ${name}; answer an array`);
  }
  if (!isView(value)) return typedColumn(name, value as ArrayLike<unknown>, of);
  const column = typedColumn(name, value.values, of);
  return value.valid === undefined ? column : withValid(column, value.valid, of);
}

/** Columns of equal length by their names, or an array of rows; undefined for no rows. `of`: who answered, for errors. */
export function batchOfAnswer(
  answer: unknown,
  of = "the function of mapBatches",
): Batch | undefined {
  if (Array.isArray(answer)) return answer.length === 0 ? undefined : batchOfRows(answer);
  if (typeof answer !== "object" || answer === null) {
    throw unsupported(
      `${of} returned ${answer === null ? "null" : typeof answer}; ` +
        "return an object of columns, or an array of rows",
    );
  }
  const columns = Object.entries(answer).map(([name, value]) => answeredColumn(name, value, of));
  const [first] = columns;
  for (const { name, length } of columns) {
    if (length === first!.length) continue;
    throw unsupported(
      `${of} answered ${first!.length} values for column ${first!.name} ` +
        `and ${length} for column ${name}`,
    );
  }
  return first === undefined || first.length === 0 ? undefined : makeBatch("record", columns);
}
