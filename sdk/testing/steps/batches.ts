// What the function of mapBatches is given and answers, for all rows at once.

import { EngineError } from "../../../proto/errors.ts";
import { type DataType, typeText } from "../../../proto/plan/types.ts";
import { rowOfRaw } from "../expressions/raw-values.ts";
import { columnsOf, plain, type Table } from "./table.ts";

interface View {
  readonly values: ArrayLike<unknown>;
  readonly valid?: Uint8Array;
  readonly type?: string;
  readonly micros?: BigInt64Array;
}

const emptyMs = 0;

function typedValues(values: readonly unknown[], type: DataType): ArrayLike<unknown> {
  switch (type.kind) {
    case "int32":
      return Int32Array.from(values as number[], (value) => value ?? 0);
    case "int53":
    case "float64":
      return Float64Array.from(values as number[], (value) => value ?? 0);
    case "int64":
      return BigInt64Array.from(values as bigint[], (value) => value ?? 0n);
    case "bool":
      return Uint8Array.from(values, (value) => (value === true ? 1 : 0));
    case "date":
    case "timestamp":
      return Float64Array.from(values as (Date | null)[], (value) => value?.getTime() ?? emptyMs);
    default:
      return values;
  }
}

function microsOf(values: readonly unknown[]): BigInt64Array {
  return BigInt64Array.from(values, (value) => (typeof value === "bigint" ? value : 0n));
}

export function viewedBatch(table: Table): {
  readonly rows: number;
  readonly columns: Readonly<Record<string, View>>;
} {
  const { schema, rows } = columnsOf(table);
  const columns = schema.fields.map(({ name, type }) => {
    const values = rows.map((row) => rowOfRaw(row[name] ?? null, type));
    const view: View = {
      ...{ values: typedValues(values, type), type: typeText(type) },
      ...(type.kind === "timestamp" ? { micros: microsOf(rows.map((row) => row[name])) } : {}),
    };
    if (!values.includes(null)) return [name, view] as const;
    return [
      name,
      { ...view, valid: Uint8Array.from(values, (v) => (v === null ? 0 : 1)) },
    ] as const;
  });
  return { rows: rows.length, columns: Object.fromEntries(columns) };
}

function isView(answer: unknown): answer is View {
  return (
    typeof answer === "object" &&
    answer !== null &&
    "values" in answer &&
    !Array.isArray(answer) &&
    !ArrayBuffer.isView(answer)
  );
}

export function answeredBatch(answer: unknown): Table {
  const views = Object.entries(answer as Readonly<Record<string, unknown>>).map(
    ([name, given]) =>
      [name, isView(given) ? given : { values: given as ArrayLike<unknown> }] as const,
  );
  const lengths = new Set(views.map(([, { values }]) => values.length));
  if (lengths.size > 1) {
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `the function of mapBatches answered columns of ${[...lengths].join(" and ")} rows`,
    );
  }
  const [rows = 0] = lengths;
  const valueAt = ({ values, valid }: View, place: number): unknown => {
    if (valid !== undefined && valid[place] === 0) return null;
    return values instanceof Uint8Array ? values[place] === 1 : values[place];
  };
  return plain(
    Array.from({ length: rows }, (_, place) =>
      Object.fromEntries(views.map(([name, view]) => [name, valueAt(view, place)])),
    ),
  );
}
