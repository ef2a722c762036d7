// A literal of an expression as a vector of one slot.

import { buildColumnAs } from "../../../proto/batch/build-column.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { parseDecimal, writeDecimal } from "../../../proto/batch/decimal.ts";
import { EngineError } from "../../../proto/errors.ts";
import type { Expr } from "../../../proto/plan/expr.ts";
import { type DataType, typeText } from "../../../proto/plan/types.ts";
import { decodeValue } from "../../../proto/plan/values.ts";
import { nullsOf } from "./take.ts";
import { asConstant, nullVector, type Vector, vectorOfColumn, wordsOf } from "./vector.ts";

const isWhole = /^-?\d+$/;

function wrong(type: DataType, text: string): EngineError {
  return new EngineError(
    "PLAN_INVALID",
    `the literal ${JSON.stringify(text.slice(0, 100))} is no ${typeText(type)}`,
  );
}

function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function columnOfLiteral(type: DataType, text: string): Column {
  const of = (value: unknown) => buildColumnAs("", type, [value], "null");
  switch (type.kind) {
    case "utf8":
      return of(text);
    case "bool":
      return of(text === "true");
    case "float64":
      return of(Number(text));
    case "int32":
    case "int53":
    case "date":
      if (!isWhole.test(text)) throw wrong(type, text);
      return of(Number(text));
    case "int64":
    case "timestamp":
      if (!isWhole.test(text)) throw wrong(type, text);
      return of(BigInt(text));
    case "decimal": {
      const value = parseDecimal(text, type.precision, type.scale);
      if (value === undefined) throw wrong(type, text);
      const values = new BigInt64Array(wordsOf(type));
      writeDecimal(values, wordsOf(type), 0, value);
      const { precision, scale } = type;
      const base = { name: "", length: 1, nulls: "null", validity: undefined } as const;
      return { ...base, type: "decimal", precision, scale, values };
    }
    case "binary":
      return of(bytesOfBase64(text));
    case "json":
    case "list":
    case "struct":
      return of(decodeValue(text));
    case "null":
    case "any":
      throw wrong(type, text);
  }
}

export function literalVector({ type, text }: Extract<Expr, { kind: "literal" }>): Vector {
  if (text === null) {
    const isOpen = type.kind === "any" || type.kind === "null";
    return asConstant(isOpen ? nullVector(1) : nullsOf(type, 1));
  }
  return asConstant(vectorOfColumn(columnOfLiteral(type, text)));
}
