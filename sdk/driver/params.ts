// Parameters of a job by its zod schema: described for `--help`, read from flags, checked field by field.

import { z } from "zod";
import { EngineError, type ErrorDetails } from "../../proto/errors.ts";
import type { ParamField } from "../../proto/plan/bundle.ts";

type Schema = z.ZodObject;

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

type WrongField = NonNullable<ErrorDetails["fields"]>[number];

function jsonSchema(schema: Schema): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

function typeText(field: JsonSchema): string {
  if (field.enum !== undefined) return field.enum.map(String).join("|");
  if (field.anyOf !== undefined) return field.anyOf.map(typeText).join("|");
  if (field.type === "array") return `${typeText(field.items ?? {})}…`;
  return typeof field.type === "string" ? field.type : (field.type?.join("|") ?? "value");
}

export function describeParams(schema: Schema): ParamField[] {
  const { properties = {}, required = [] } = jsonSchema(schema);
  return Object.entries(properties).map(([name, field]) => ({
    name,
    type: typeText(field),
    required: required.includes(name),
    description: field.description ?? "",
    ...(field.default === undefined ? {} : { defaultText: JSON.stringify(field.default) }),
  }));
}

function kebab(field: string): string {
  return field.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "-"}${letter.toLowerCase()}`);
}

/** Edits that turn one word into another (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + same));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function unknownFlag(name: string, known: readonly string[]): WrongField {
  const nearest = [...known].sort((a, b) => distance(name, a) - distance(name, b))[0];
  const isNear = nearest !== undefined && distance(name, nearest) <= Math.max(2, name.length / 3);
  const hint = isNear ? `; did you mean --${nearest}?` : "";
  return { path: name, message: `no such parameter${hint}` };
}

/** What one word of the command line means to a field of this type; left as text where it does not fit. */
function convert(text: string, field: JsonSchema): unknown {
  const kinds = field.anyOf ?? [field];
  for (const kind of kinds) {
    if (kind.type === "number" || kind.type === "integer") {
      const value = Number(text);
      if (text.trim() !== "" && !Number.isNaN(value)) return value;
    }
    if (kind.type === "boolean" && (text === "true" || text === "false")) return text === "true";
  }
  return text;
}

interface Flag {
  readonly name: string;
  /** Undefined: the flag stands alone. */
  readonly text: string | undefined;
}

function isFlag(word: string | undefined): boolean {
  return word?.startsWith("--") === true && word !== "--";
}

/** Splits words into flags; a word that belongs to none is reported under its own text. */
function splitFlags(words: readonly string[], wrong: WrongField[]): Flag[] {
  const flags: Flag[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (!isFlag(word)) {
      wrong.push({ path: word, message: "belongs to no parameter; write --name value" });
      continue;
    }
    const equals = word.indexOf("=");
    if (equals > 0) {
      flags.push({ name: word.slice(2, equals), text: word.slice(equals + 1) });
      continue;
    }
    const next = words[i + 1];
    const hasValue = next !== undefined && !isFlag(next);
    flags.push({ name: word.slice(2), text: hasValue ? next : undefined });
    if (hasValue) i++;
  }
  return flags;
}

function takesNoValue(field: JsonSchema): boolean {
  return field.type === "boolean";
}

/** `--input x`, `--input=x`, `--verbose`, `--no-verbose`, and repeated flags for arrays. */
export function parseFlags(schema: Schema, words: readonly string[]): string {
  const properties = jsonSchema(schema).properties ?? {};
  const byFlag = new Map<string, string>();
  for (const name of Object.keys(properties)) byFlag.set(kebab(name), name).set(name, name);
  const wrong: WrongField[] = [];
  const params: Record<string, unknown> = {};
  for (const { name, text } of splitFlags(words, wrong)) {
    const negated = text === undefined && name.startsWith("no-") && !byFlag.has(name);
    const field = byFlag.get(negated ? name.slice(3) : name);
    if (field === undefined) {
      wrong.push(unknownFlag(name, [...byFlag.keys()]));
      continue;
    }
    const type = properties[field] ?? {};
    if (text === undefined && !takesNoValue(type)) {
      wrong.push({ path: field, message: "needs a value" });
    } else if (type.type === "array") {
      const before = (params[field] as unknown[] | undefined) ?? [];
      params[field] = [...before, convert(text ?? "", type.items ?? {})];
    } else {
      params[field] = text === undefined ? !negated : convert(text, type);
    }
  }
  checkParams(schema, params, wrong);
  return JSON.stringify(params);
}

function issueText(issue: {
  readonly message: string;
  readonly code?: string | undefined;
}): string {
  const missing = /received undefined/.test(issue.message);
  return missing ? "is required" : issue.message;
}

/** The parsed parameters. Throws PARAMS_INVALID with every wrong field named. */
export function checkParams<S extends Schema>(
  schema: S,
  raw: unknown,
  alreadyWrong: readonly WrongField[] = [],
): z.output<S> {
  const parsed = schema.safeParse(raw);
  const fields: WrongField[] = [...alreadyWrong];
  const named = new Set(fields.map((field) => field.path));
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.map(String).join(".");
    if (!named.has(path)) fields.push({ path, message: issueText(issue) });
  }
  if (parsed.success && fields.length === 0) return parsed.data;
  const names = fields.map((field) => field.path).join(", ");
  throw new EngineError(
    "PARAMS_INVALID",
    `${fields.length} of the job's parameters ${fields.length === 1 ? "is" : "are"} wrong: ${names}`,
    { fields },
  );
}
