// Arrow IPC files as a source: the record batches whose middle lies in the split.

import { type Batch, makeBatch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { type Column, columnType, isValid } from "../../proto/batch/column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { EngineError } from "../../proto/errors.ts";
import { type DataType, type Field, sameType, typeText } from "../../proto/plan/types.ts";
import type { ColumnsWorld, FileSelection } from "./columns.ts";
import { readRange } from "./parquet.ts";

/** Numbers that a wider type holds exactly. */
const widened: Readonly<Partial<Record<DataType["kind"], readonly DataType["kind"][]>>> = {
  int32: ["int53", "float64"],
  int53: ["float64"],
};

/** Whether values of the one type are values of the other too; where none has come, any type will do. */
function holds(wanted: DataType, found: DataType): boolean {
  if (sameType(wanted, found) || found.kind === "null") return true;
  if (wanted.kind === "list" && found.kind === "list")
    return holds(wanted.item.type, found.item.type);
  if (wanted.kind === "struct" && found.kind === "struct") {
    return wanted.fields.every(({ name, type, nullable }) => {
      const own = found.fields.find((field) => field.name === name);
      return own === undefined ? nullable : holds(type, own.type);
    });
  }
  return widened[found.kind]?.includes(wanted.kind) === true;
}

const isSafe = (value: bigint) => Number.isSafeInteger(Number(value));

function asWanted(column: Column | undefined, field: Field, rows: number, uri: string): Column {
  const { name, type, nullable } = field;
  if (column === undefined) {
    if (nullable) return buildColumnAs(name, type, new Array<null>(rows).fill(null), "null");
    const message = `${uri} has no column "${name}", which the schema says is never null`;
    throw new EngineError("INPUT_MALFORMED", message, { file: uri });
  }
  const found = columnType(column);
  if (sameType(found, type)) return column;
  if (type.kind === "int53" && column.type === "int64") {
    const large = column.values.find((value, row) => !isSafe(value) && isValid(column, row));
    if (large === undefined) return { ...column, type: "int53" };
    const message = `column "${name}" of ${uri} holds ${large}, which is no ${typeText(type)}`;
    throw new EngineError("INPUT_MALFORMED", message, { file: uri });
  }
  if (holds(type, found)) {
    return buildColumnAs(name, type, columnValues(column), "null");
  }
  const what = `${typeText(found)}, where the schema says ${typeText(type)}`;
  const message = `column "${name}" of ${uri} holds ${what}`;
  throw new EngineError("INPUT_MALFORMED", message, { file: uri });
}

export async function* arrowColumns(
  { range, fields }: FileSelection,
  { reader, count }: ColumnsWorld,
): AsyncGenerator<Batch> {
  // Late: its library takes as long to load as a small job to run.
  const { openArrow, readArrow } = await import("../../proto/batch/arrow-files.ts");
  const { uri, fileBytes } = range;
  const read = (offset: number, length: number) => readRange(reader, uri, offset, length, count);
  const file = await openArrow({ uri, sizeBytes: fileBytes, read });
  for await (const batch of readArrow(file, range)) {
    const byName = new Map(batch.columns.map((column) => [column.name, column]));
    const columns = fields.map((field) => asWanted(byName.get(field.name), field, batch.rows, uri));
    yield { ...makeBatch("record", columns), rows: batch.rows };
  }
}
