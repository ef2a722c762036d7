// Columns as JSON shows them: days as days, clocks without a zone without one, bytes as base64, so that they are read
// back as such.

import type { Batch } from "../../proto/batch/batch.ts";
import { buildColumnAs } from "../../proto/batch/build-column.ts";
import { type Column, isValid } from "../../proto/batch/column.ts";
import { columnValues } from "../../proto/batch/decode-column.ts";
import { textOfDays } from "../../proto/formats/calendar.ts";
import { clockText } from "../../proto/formats/clock-text.ts";
import { utf8Type } from "../../proto/plan/types.ts";

function asText(column: Column, textAt: (index: number) => string): Column {
  const texts = Array.from({ length: column.length }, (_, index) =>
    isValid(column, index) ? textAt(index) : null,
  );
  return buildColumnAs(column.name, utf8Type, texts, column.nulls);
}

/** The same column where JSON shows its values as they are. */
export function jsonColumn(column: Column): Column {
  switch (column.type) {
    case "date":
      return asText(column, (index) => textOfDays(column.values[index]!));
    case "timestamp": {
      // An instant of whole milliseconds is what a Date shows.
      const isDate = column.zone !== undefined && column.values.every((at) => at % 1000n === 0n);
      const zone = column.zone === undefined ? "" : "Z";
      if (isDate) return column;
      return asText(column, (index) => `${clockText(column.values[index]!, "T")}${zone}`);
    }
    case "binary": {
      const values = columnValues(column) as Uint8Array[];
      return asText(column, (index) => Buffer.from(values[index]!).toString("base64"));
    }
    case "list": {
      const item = jsonColumn(column.item);
      return item === column.item ? column : { ...column, item };
    }
    case "struct": {
      const fields = column.fields.map(jsonColumn);
      return fields.every((field, at) => field === column.fields[at])
        ? column
        : { ...column, fields };
    }
    default:
      return column;
  }
}

export function jsonColumns(batch: Batch): Batch {
  const columns = batch.columns.map(jsonColumn);
  return columns.every((column, at) => column === batch.columns[at])
    ? batch
    : { ...batch, columns };
}
