// Columns as Arrow data, without copies where the layouts are the same.

import {
  Binary,
  Bool,
  type Data,
  DateDay,
  Decimal,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  Null,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from "apache-arrow";
import { unreachable } from "../errors.ts";
import { fieldOfColumn } from "./arrow-types.ts";
import { type Column, type DecimalColumn, decimalWords, type TextColumn } from "./column.ts";
import { flatText } from "./flat-text.ts";

function invalidCount(bits: Uint8Array | undefined, length: number): number {
  let count = 0;
  if (bits === undefined) return 0;
  for (let i = 0; i < length; i++) if (((bits[i >> 3]! >> (i & 7)) & 1) === 0) count++;
  return count;
}

/** Offsets from 0, with the part of the values that they span. */
function fromZero(column: TextColumn) {
  const { offsets, values, length } = column;
  const start = offsets[0]!;
  const end = offsets[length]!;
  const own = offsets.length === length + 1 ? offsets : offsets.subarray(0, length + 1);
  if (start === 0) return { valueOffsets: own, data: values.subarray(0, end) };
  return { valueOffsets: own.map((offset) => offset - start), data: values.subarray(start, end) };
}

/** Arrow stores every decimal in 128 bits, the lower word first. */
function decimalData(column: DecimalColumn): Uint32Array {
  const { values, length, precision } = column;
  const words = new BigInt64Array(length * 2);
  if (decimalWords(precision) === 2) words.set(values.subarray(0, length * 2));
  else {
    const sign = new Int32Array(values.buffer, values.byteOffset, length * 2);
    for (let i = 0; i < length; i++) {
      words[2 * i] = values[i]!;
      if (sign[2 * i + 1]! < 0) words[2 * i + 1] = -1n;
    }
  }
  return new Uint32Array(words.buffer);
}

export function dataOf(column: Column): Data {
  const { length } = column;
  const nullCount = invalidCount(column.validity, length);
  const nulls = { length, nullCount, nullBitmap: column.validity ?? null };
  switch (column.type) {
    case "utf8":
    case "json":
      return makeData({ type: new Utf8(), ...nulls, ...fromZero(column) });
    case "dictionary":
      return dataOf(flatText(column));
    case "binary":
      return makeData({ type: new Binary(), ...nulls, ...fromZero(column) });
    case "float64":
      return makeData({ type: new Float64(), ...nulls, data: column.values });
    case "int32":
      return makeData({ type: new Int32(), ...nulls, data: column.values });
    case "date":
      return makeData({ type: new DateDay(), ...nulls, data: column.values });
    case "int53":
    case "int64":
      return makeData({ type: new Int64(), ...nulls, data: column.values });
    case "timestamp": {
      const type = new TimestampMicrosecond(column.zone ?? null);
      return makeData({ type, ...nulls, data: column.values });
    }
    case "decimal": {
      const type = new Decimal(column.scale, column.precision, 128);
      return makeData({ type, ...nulls, data: decimalData(column) });
    }
    case "bool":
      return makeData({ type: new Bool(), ...nulls, data: column.values });
    case "null":
      return makeData({ type: new Null(), length });
    case "list": {
      const { item } = column;
      const type = new List(fieldOfColumn(item, item.validity !== undefined));
      return makeData({ type, ...nulls, valueOffsets: column.offsets, child: dataOf(item) });
    }
    case "struct": {
      const fields = column.fields.map((field) =>
        fieldOfColumn(field, field.validity !== undefined || field.type === "null"),
      );
      return makeData({ type: new Struct(fields), ...nulls, children: column.fields.map(dataOf) });
    }
    default:
      return unreachable(column);
  }
}
