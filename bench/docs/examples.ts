// Reads the examples in the docstrings of the public surface.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Something public that has a docstring. */
export interface Documented {
  /** `Dataset.map`, `count`. */
  readonly name: string;
  /** `sdk/dataset/dataset.ts:12`. */
  readonly place: string;
  readonly examples: readonly string[];
}

function examplesOf(node: ts.Node): string[] {
  return ts
    .getJSDocTags(node)
    .filter((tag) => tag.tagName.text === "example")
    .map((tag) => ts.getTextOfJSDocComment(tag.comment)?.trim() ?? "");
}

function isHidden(member: ts.Node): boolean {
  const flags = ts.getCombinedModifierFlags(member as ts.Declaration);
  return (flags & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0;
}

function isMethod(member: ts.Node): member is ts.MethodDeclaration | ts.MethodSignature {
  return ts.isMethodDeclaration(member) || ts.isMethodSignature(member) || ts.isGetAccessor(member);
}

/** Public methods of exported classes and interfaces, and exported functions of these names. */
export function documentedIn(
  root: string,
  file: string,
  functionNames: ReadonlySet<string>,
): readonly Documented[] {
  const text = readFileSync(join(root, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = new Map<string, Documented>();
  const add = (name: string, node: ts.Node): void => {
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    // Overloads share the docstring of one of them.
    const before = found.get(name)?.examples ?? [];
    const examples = [...before, ...examplesOf(node)];
    found.set(name, { name, place: `${file}:${line}`, examples });
  };
  for (const statement of source.statements) {
    const isExported =
      (ts.getCombinedModifierFlags(statement as unknown as ts.Declaration) &
        ts.ModifierFlags.Export) !==
      0;
    if (!isExported) continue;
    if (ts.isFunctionDeclaration(statement) && statement.name !== undefined) {
      if (functionNames.has(statement.name.text)) add(statement.name.text, statement);
    } else if (ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement)) {
      const owner = statement.name?.text ?? "";
      for (const member of statement.members) {
        if (!isMethod(member) || isHidden(member) || ts.isPrivateIdentifier(member.name)) continue;
        add(`${owner}.${member.name.getText()}`, member);
      }
    }
  }
  return [...found.values()];
}

/** The code of an example as the body of an asynchronous function, which answers what a lone expression is. */
export function bodyOf(example: string): string {
  const source = ts.createSourceFile("example.ts", example, ts.ScriptTarget.Latest, true);
  const [only, ...more] = source.statements;
  const isExpression = more.length === 0 && only !== undefined && ts.isExpressionStatement(only);
  if (!isExpression) return `${example}\nreturn undefined;`;
  return `return (${only.expression.getText()});`;
}

/** The lines `// => …` of an example, which say what it answers; undefined where it has none. */
export function saidOf(example: string): string | undefined {
  const lines = example
    .split("\n")
    .flatMap((line) => /^\/\/ (?:=> | {3})(.*)$/.exec(line)?.[1] ?? []);
  return lines.length === 0 ? undefined : lines.join(" ");
}

function literal(value: unknown): string {
  if (value instanceof Date)
    return value
      .toISOString()
      .replace(/T00:00:00\.000Z$/, "")
      .replace(".000Z", "Z");
  if (value instanceof Uint8Array) return `Uint8Array [${[...value].join(", ")}]`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([name, own]) => `${name}: ${literal(own)}`);
    return `{ ${entries.join(", ")} }`;
  }
  if (Object.is(value, -0)) return "-0";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

/** As examples show it: rows one after the other, and of rows with one column `x` its values. */
export function answerText(answer: unknown): string {
  if (!Array.isArray(answer)) return literal(answer);
  const isColumn = answer.every(
    (row) => typeof row === "object" && row !== null && Object.keys(row).join() === "x",
  );
  return answer
    .map((row) => literal(isColumn ? (row as { readonly x: unknown }).x : row))
    .join(isColumn ? ", " : " ");
}
