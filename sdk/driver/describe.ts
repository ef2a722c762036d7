// Reads off a job's schema which parameters there are and how a flag's text becomes one.

import { z } from "zod";
import type { ParamField } from "../../proto/plan/bundle.ts";

/** How the text of a flag is converted; `json` is tried as JSON, else taken as it stands. */
export type ValueKind = "string" | "number" | "boolean" | "json";

export interface ParamKind {
  readonly kind: ValueKind;
  /** The flag may be given several times. */
  readonly isList: boolean;
}

export interface DescribedField extends ParamField, ParamKind {}

export interface DescribedParams {
  readonly fields: readonly DescribedField[];
  /** Whether the schema takes fields that it does not name. */
  readonly isOpen: boolean;
}

/** The parts of JSON Schema that are looked at. */
interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly FieldSchema[];
  readonly oneOf?: readonly FieldSchema[];
  readonly items?: FieldSchema;
  readonly prefixItems?: readonly FieldSchema[];
  readonly $ref?: string;
  readonly format?: string;
  readonly description?: string;
  readonly default?: unknown;
}

const described = new WeakMap<z.ZodObject, DescribedParams>();

export function describeParams(schema: z.ZodObject): DescribedParams {
  const known = described.get(schema);
  if (known !== undefined) return known;
  const fresh = readSchema(schema);
  described.set(schema, fresh);
  return fresh;
}

function readSchema(schema: z.ZodObject): DescribedParams {
  const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  const properties = (json.properties ?? {}) as Readonly<Record<string, FieldSchema>>;
  const required = new Set(json.required ?? []);
  const { additionalProperties } = json;
  const shared = (json.$defs ?? {}) as Readonly<Record<string, FieldSchema>>;
  const fields = Object.keys(properties).map((name) =>
    describeField(name, resolved(properties[name] ?? {}, shared), required.has(name)),
  );
  const isOpen = additionalProperties !== undefined && additionalProperties !== false;
  return { fields, isOpen };
}

/** A schema with an id of its own stands beside the fields, not in them. */
function resolved(field: FieldSchema, shared: Readonly<Record<string, FieldSchema>>): FieldSchema {
  const { $ref, ...own } = field;
  const target = $ref === undefined ? undefined : shared[$ref.slice($ref.lastIndexOf("/") + 1)];
  return target === undefined ? field : { ...target, ...own };
}

/** What the field may be, one by one; only itself where it is no union. */
function choicesOf(field: FieldSchema): readonly FieldSchema[] {
  const choices = field.anyOf ?? field.oneOf;
  if (choices !== undefined) return choices;
  if (typeof field.type !== "object") return [field];
  return field.type.map((type) => ({ ...field, type }));
}

const isNotNull = (field: FieldSchema): boolean => field.type !== "null";

function isListOfOne(field: FieldSchema | undefined): boolean {
  // Items of a tuple differ, so that it is told as JSON.
  return field?.type === "array" && field.prefixItems === undefined;
}

function describeField(name: string, field: FieldSchema, required: boolean): DescribedField {
  const [only, ...others] = choicesOf(field).filter(isNotNull);
  const isList = others.length === 0 && isListOfOne(only);
  return {
    name,
    type: typeText(field),
    required,
    description: field.description ?? "",
    ...(field.default === undefined ? {} : { defaultText: JSON.stringify(field.default) }),
    kind: isList ? valueKind(only?.items ?? {}) : valueKind(field),
    isList,
  };
}

function valueKind(field: FieldSchema): ValueKind {
  const values = field.enum ?? (field.const === undefined ? undefined : [field.const]);
  if (values !== undefined) {
    return values.every((value) => typeof value === "string") ? "string" : "json";
  }
  const choices = choicesOf(field);
  if (choices[0] !== field) {
    const kinds = new Set(choices.filter(isNotNull).map(valueKind));
    const [only = "json", ...others] = kinds;
    // Text stays text, also where it could be null: `--id null` is that text.
    const isPlain = only === "string" || choices.every(isNotNull);
    return others.length === 0 && isPlain ? only : "json";
  }
  if (field.$ref !== undefined) return "json";
  switch (field.type) {
    case "string":
      return "string";
    case "number":
    case "integer":
      return "number";
    case "boolean":
      return "boolean";
    case undefined:
      // Not to be told in JSON Schema: dates, bigints and the like, which are made from text.
      return "string";
    default:
      return "json";
  }
}

function typeText(field: FieldSchema): string {
  if (field.enum !== undefined) return field.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (field.const !== undefined) return JSON.stringify(field.const);
  const choices = field.anyOf ?? field.oneOf;
  if (choices !== undefined) return choices.map(typeText).join(" | ");
  if (field.prefixItems !== undefined) return `[${field.prefixItems.map(typeText).join(", ")}]`;
  if (field.type === "array") return `list of ${typeText(field.items ?? {})}`;
  if (typeof field.type === "string") return field.type;
  return field.type === undefined ? "text" : field.type.join(" | ");
}
