// Command-line flags to raw parameters, by the kinds of the schema's fields.

import type { z } from "zod";
import { type DescribedField, describeParams, type ValueKind } from "./describe.ts";
import { type FieldProblem, paramsInvalid, problemsOf, suggestion } from "./params.ts";

/** `minLength` to `min-length`. */
export function flagName(field: string): string {
  return field.replace(/[A-Z]/g, (letter, at) => `${at === 0 ? "" : "-"}${letter.toLowerCase()}`);
}

interface GivenFlag {
  readonly name: string;
  /** Undefined when the flag stood alone. */
  readonly text: string | undefined;
}

/** Reads `--name text`, `--name=text`, `--switch` and `--no-switch`. Throws PARAMS_INVALID with all that is wrong. */
export function parseFlags(
  schema: z.ZodObject,
  flags: readonly string[],
): { readonly paramsJson: string } {
  const { fields } = describeParams(schema);
  const problems: FieldProblem[] = [];
  const raw: Record<string, unknown> = {};
  const given = new Set<string>();
  for (const flag of splitFlags(fields, flags, problems)) {
    const found = findField(fields, flag.name);
    if (found === undefined) {
      const names = fields.map((field) => `--${flagName(field.name)}`);
      const message = `no such flag${suggestion(`--${flag.name}`, names)}`;
      problems.push({ path: `--${flag.name}`, message });
      continue;
    }
    const { field, isNegated } = found;
    if (given.has(field.name) && !field.isList) {
      problems.push({ path: field.name, message: "is given more than once" });
      continue;
    }
    given.add(field.name);
    takeFlag(raw, field, isNegated, flag.text, problems);
  }
  // A field that could not be converted has its problem named already.
  const named = new Set(problems.map((problem) => problem.path));
  const further = problemsOf(schema, raw).filter((problem) => !named.has(problem.path));
  if (problems.length + further.length > 0) throw paramsInvalid([...problems, ...further]);
  return { paramsJson: JSON.stringify(raw) };
}

/** Pairs flags with their values. What is neither is a problem. */
function splitFlags(
  fields: readonly DescribedField[],
  flags: readonly string[],
  problems: FieldProblem[],
): readonly GivenFlag[] {
  const given: GivenFlag[] = [];
  for (let at = 0; at < flags.length; at++) {
    const word = flags[at] ?? "";
    if (!word.startsWith("--") || word === "--") {
      problems.push({ path: "", message: `'${word}' is no flag; write --name value` });
      continue;
    }
    const equals = word.indexOf("=");
    if (equals > 0) {
      given.push({ name: word.slice(2, equals), text: word.slice(equals + 1) });
      continue;
    }
    const name = word.slice(2);
    const next = flags[at + 1];
    if (next !== undefined && takesNext(fields, name, next)) {
      given.push({ name, text: next });
      at++;
    } else given.push({ name, text: undefined });
  }
  return given;
}

function takesNext(fields: readonly DescribedField[], name: string, next: string): boolean {
  const found = findField(fields, name);
  if (found === undefined) return !next.startsWith("--");
  if (found.isNegated) return false;
  if (found.field.kind === "boolean") return next === "true" || next === "false";
  return !next.startsWith("--");
}

function findField(
  fields: readonly DescribedField[],
  name: string,
): { readonly field: DescribedField; readonly isNegated: boolean } | undefined {
  const named = (wanted: string) =>
    fields.find((field) => field.name === wanted || flagName(field.name) === wanted);
  const field = named(name);
  if (field !== undefined) return { field, isNegated: false };
  const negated = name.startsWith("no-") ? named(name.slice(3)) : undefined;
  return negated?.kind === "boolean" && !negated.isList
    ? { field: negated, isNegated: true }
    : undefined;
}

function takeFlag(
  raw: Record<string, unknown>,
  field: DescribedField,
  isNegated: boolean,
  text: string | undefined,
  problems: FieldProblem[],
): void {
  const problem = (message: string): void => {
    problems.push({ path: field.name, message });
  };
  if (isNegated) {
    if (text !== undefined) problem(`--no-${flagName(field.name)} takes no value`);
    raw[field.name] = false;
    return;
  }
  if (text === undefined) {
    if (field.kind !== "boolean") return problem(`--${flagName(field.name)} needs a value`);
    raw[field.name] = field.isList ? append(raw[field.name], true) : true;
    return;
  }
  const value = convert(field.kind, text);
  if (value === undefined) {
    return problem(
      `expected ${field.kind === "boolean" ? "true or false" : "a number"}, got '${text}'`,
    );
  }
  raw[field.name] = field.isList ? append(raw[field.name], value) : value;
}

function append(list: unknown, value: unknown): readonly unknown[] {
  return Array.isArray(list) ? [...list, value] : [value];
}

/** Undefined when the text is no value of the kind. */
function convert(kind: ValueKind, text: string): unknown {
  switch (kind) {
    case "string":
      return text;
    case "number": {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      return Number.isFinite(value) ? value : undefined;
    }
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "json":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        // A union with text in it, most likely; the schema has the last word.
        return text;
      }
    default:
      return undefined;
  }
}
