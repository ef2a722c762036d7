// Columns of a result set: how each is asked for, so that its text is easy to read, and how that text is read.

import { EngineError, type RowSchema } from "millrace";
import { quoted } from "./connect.ts";

export type Field = RowSchema<unknown>["fields"][number];
type DataType = Field["type"];

/** SQL that gives the column in a form whose text has one meaning. */
export function selected({ name, type }: Field): string {
  const column = quoted(name);
  switch (type.kind) {
    case "bool":
      return `${column}::bool`;
    case "int32":
      return `${column}::int4`;
    case "int53":
    case "int64":
      return `${column}::int8`;
    case "float64":
      // A float4 is read by its own digits: 0.1 stays 0.1.
      return `${column}::text`;
    case "decimal":
      return `${column}::numeric`;
    case "date":
      return `(${column}::date - date '1970-01-01')`;
    case "timestamp": {
      const at = type.zone === undefined ? "timestamp" : "timestamptz";
      return `(extract(epoch from ${column}::${at}) * 1000000)::int8`;
    }
    case "binary":
      return `encode(${column}::bytea, 'hex')`;
    case "list":
      return `to_jsonb(${column}::text[])`;
    case "json":
    case "struct":
      return `to_jsonb(${column})`;
    default:
      return `${column}::text`;
  }
}

const dayMs = 86_400_000;

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

/** An item of an array, as text in the session's own form. */
function itemOf(text: string, type: DataType): unknown {
  switch (type.kind) {
    case "bool":
      return text === "true" || text === "t";
    case "int32":
    case "int53":
    case "float64":
      return Number(text);
    case "int64":
      return BigInt(text);
    case "date":
      return new Date(`${text}T00:00:00Z`);
    case "timestamp":
      return new Date(`${text.replace(" ", "T").replace(/\+00$/, "")}Z`);
    case "binary":
      return bytesOfHex(text.slice(2));
    case "json":
      return JSON.parse(text) as unknown;
    default:
      return text;
  }
}

function listOf(text: string, { name, type }: Field): unknown {
  if (type.kind !== "list") return JSON.parse(text);
  const items = JSON.parse(text) as readonly (string | null | readonly unknown[])[];
  return items.map((item) => {
    if (item === null) return null;
    if (typeof item === "string") return itemOf(item, type.item.type);
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `column ${name} holds an array of more than one dimension; select it as text or as jsonb`,
    );
  });
}

type Texts = readonly (string | null)[];

function validOf(texts: Texts): { readonly valid?: Uint8Array } {
  if (!texts.includes(null)) return {};
  return { valid: Uint8Array.from(texts, (text) => (text === null ? 0 : 1)) };
}

const plainOf = (texts: Texts, read: (text: string) => unknown) =>
  texts.map((text) => (text === null ? null : read(text)));

/** Values of one column, as a source yields them. */
export function columnOfTexts(texts: Texts, field: Field): unknown {
  const { type } = field;
  switch (type.kind) {
    case "bool":
      return { values: Uint8Array.from(texts, (t) => (t === "t" ? 1 : 0)), ...validOf(texts) };
    case "int32":
      return { values: Int32Array.from(texts, Number), ...validOf(texts) };
    case "int64":
      return { values: BigInt64Array.from(texts, (t) => BigInt(t ?? 0)), ...validOf(texts) };
    case "float64":
    case "int53":
      return { values: Float64Array.from(texts, Number), ...validOf(texts) };
    case "date":
      return { values: Float64Array.from(texts, (t) => Number(t) * dayMs), ...validOf(texts) };
    case "timestamp":
      return { values: BigInt64Array.from(texts, (t) => BigInt(t ?? 0)), ...validOf(texts) };
    case "binary":
      return plainOf(texts, bytesOfHex);
    case "json":
      return plainOf(texts, (text) => JSON.parse(text) as unknown);
    case "list":
    case "struct":
      return plainOf(texts, (text) => listOf(text, field));
    default:
      return texts;
  }
}
