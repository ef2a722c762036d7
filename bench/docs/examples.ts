// Reads the examples in the docstrings of the public surface.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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
  // What the language itself asks a class for, as `instanceof` does, nobody calls.
  const { name } = member as ts.MethodDeclaration;
  if ((flags & ts.ModifierFlags.Static) !== 0 && ts.isComputedPropertyName(name)) return true;
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

/** Names of classes, interfaces and functions that a file makes public, by the file that declares each. */
export function publicNames(root: string, surface: string): ReadonlyMap<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const parsed = (file: string): ts.SourceFile =>
    ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.Latest, true);
  const fileOf = (from: string, { text }: ts.StringLiteral): string => join(dirname(from), text);

  /** Where the name comes from, and what its class inherits from: users call that too. */
  const follow = (file: string, name: string): void => {
    const source = parsed(file);
    const origin = imported(source, name);
    if (origin !== undefined) {
      // Of packages of others the documentation is theirs.
      if (origin.from.text.startsWith(".")) follow(fileOf(file, origin.from), origin.name);
      return;
    }
    const names = found.get(file) ?? new Set();
    if (names.has(name)) return;
    found.set(file, names.add(name));
    for (const parent of parentsOf(source, name)) follow(file, parent);
  };

  const exportsOf = (file: string): void => {
    for (const { moduleSpecifier, exportClause } of parsed(file).statements.filter(
      ts.isExportDeclaration,
    )) {
      if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) continue;
      if (!moduleSpecifier.text.startsWith(".")) continue;
      const target = fileOf(file, moduleSpecifier);
      if (exportClause === undefined) exportsOf(target);
      else if (ts.isNamedExports(exportClause)) {
        for (const { name, propertyName } of exportClause.elements) {
          follow(target, (propertyName ?? name).text);
        }
      }
    }
  };
  exportsOf(surface);
  return found;
}

/** The import by which a file has the name; undefined where it declares it. */
function imported(
  source: ts.SourceFile,
  name: string,
): { readonly from: ts.StringLiteral; readonly name: string } | undefined {
  for (const { importClause, moduleSpecifier } of source.statements.filter(
    ts.isImportDeclaration,
  )) {
    const bindings = importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
    const own = bindings.elements.find((element) => element.name.text === name);
    if (own === undefined || !ts.isStringLiteral(moduleSpecifier)) continue;
    return { from: moduleSpecifier, name: (own.propertyName ?? own.name).text };
  }
  return undefined;
}

function parentsOf(source: ts.SourceFile, name: string): readonly string[] {
  return source.statements.flatMap((statement) => {
    const isType = ts.isClassDeclaration(statement) || ts.isInterfaceDeclaration(statement);
    if (!isType || statement.name?.text !== name) return [];
    return (statement.heritageClauses ?? []).flatMap(({ types }) =>
      types.map(({ expression }) => expression.getText()),
    );
  });
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
