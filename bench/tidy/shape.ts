// The shape of a file: its size, its functions, its first line, its exports, its words.
import ts from "typescript";
import {
  bannedTestModifiers,
  bannedWords,
  barrels,
  defaultExportFiles,
  fileLinesMax,
  functionLinesMax,
} from "./rules.ts";
import {
  baseName,
  eachNode,
  isScript,
  isTest,
  isWithin,
  lineOf,
  type Source,
  type Violation,
} from "./source.ts";

type Report = (rule: string, line: number, message: string) => void;

function checkOpening(source: Source, report: Report): void {
  const text = source.text.replace(/^#!.*\n/, "").trimStart();
  if (!/^(\/\/|\/\*)/.test(text)) report("opening", 1, "say in a comment what the file is for");
}

function checkPath(path: string, report: Report): void {
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*$/;
  const parts = path.split("/").flatMap((segment) => segment.split("."));
  const wrong = parts.filter((part) => !kebab.test(part));
  if (wrong.length > 0) report("kebab", 1, `${wrong.join(", ")}: names are kebab-case`);
}

/** A function with tests inside only groups them: each test is measured by itself. */
function groupsTests(node: ts.Node): boolean {
  const isTestCall = (inner: ts.Node): boolean =>
    ts.isCallExpression(inner) && /^(test|it|describe)\b/.test(inner.expression.getText());
  const contains = (inner: ts.Node): boolean =>
    isTestCall(inner) || ts.forEachChild(inner, contains) === true;
  return ts.forEachChild(node, contains) === true;
}

function linesOf(source: Source, node: ts.Node): number {
  const last = source.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
  return last - lineOf(source, node) + 1;
}

/** Lines of functions declared inside, which are measured by themselves; each still counts as one. */
function nestedLines(source: Source, outer: ts.Node): number {
  let lines = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node)) lines += linesOf(source, node) - 1;
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(outer, visit);
  return lines;
}

function checkSizes(source: Source, report: Report): void {
  const lineCount = source.text.split("\n").length - (source.text.endsWith("\n") ? 1 : 0);
  if (lineCount > fileLinesMax) {
    report("file-length", 1, `${lineCount} lines, at most ${fileLinesMax}: split it`);
  }
  eachNode(source, (node) => {
    if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return;
    if (isTest(source.path) && groupsTests(node)) return;
    const length = linesOf(source, node) - nestedLines(source, node);
    if (length <= functionLinesMax) return;
    const first = lineOf(source, node);
    report("function-length", first, `${length} lines, at most ${functionLinesMax}: split it`);
  });
}

function isDefaultExport(node: ts.Node): boolean {
  if (ts.isExportAssignment(node)) return true;
  if (ts.isExportSpecifier(node)) return node.name.text === "default";
  if (!ts.canHaveModifiers(node)) return false;
  const modifiers = ts.getModifiers(node) ?? [];
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword);
}

function checkSyntax(source: Source, report: Report): void {
  const mayDefault = defaultExportFiles.some((pattern) => pattern.test(source.path));
  eachNode(source, (node) => {
    const line = () => lineOf(source, node);
    if (node.kind === ts.SyntaxKind.AnyKeyword) {
      report("any", line(), "any switches the compiler off: use unknown and decode");
    }
    if (ts.isEnumDeclaration(node)) {
      report("enum", line(), "use a union of literals, or an `as const` record");
    }
    if (isDefaultExport(node) && !mayDefault) {
      report("default-export", line(), "export it by name");
    }
  });
}

function checkBarrel(source: Source, report: Report): void {
  if (isWithin(source.path, barrels) || source.tree.statements.length === 0) return;
  const isReExport = (statement: ts.Statement) =>
    ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined;
  const onlyPasses = source.tree.statements.every(
    (statement) =>
      ts.isImportDeclaration(statement) ||
      (ts.isExportDeclaration(statement) && statement.exportClause !== undefined),
  );
  const exportsAny = source.tree.statements.some(ts.isExportDeclaration);
  const star = source.tree.statements.some(
    (statement) =>
      isReExport(statement) && (statement as ts.ExportDeclaration).exportClause === undefined,
  );
  if (star || (onlyPasses && exportsAny)) {
    report("barrel", 1, "import from the file that has the thing");
  }
}

function checkWords(source: Source, report: Report): void {
  const pattern = new RegExp(`\\b(${bannedWords.join("|")})\\b`);
  source.text.split("\n").forEach((text, index) => {
    const found = pattern.exec(text);
    if (found !== null) report("words", index + 1, `"${found[1]}": finish it or leave it out`);
  });
}

function checkTestModifiers(source: Source, report: Report): void {
  if (!isTest(source.path)) return;
  eachNode(source, (node) => {
    if (!ts.isPropertyAccessExpression(node) || !ts.isIdentifier(node.expression)) return;
    const isRunner = ["describe", "it", "test"].includes(node.expression.text);
    if (!isRunner || !bannedTestModifiers.includes(node.name.text)) return;
    report("switched-off", lineOf(source, node), `${node.getText()}: every test runs`);
  });
}

function reported(source: Source, check: (report: Report) => void): Violation[] {
  const violations: Violation[] = [];
  check((rule, line, message) => violations.push({ rule, path: source.path, line, message }));
  return violations;
}

function checkText(source: Source, report: Report): void {
  checkOpening(source, report);
  checkPath(source.path, report);
  checkSizes(source, report);
  checkWords(source, report);
}

/** Of a kernel's source, whose types and exports are those of another language. */
export function checkKernelShape(source: Source): Violation[] {
  return reported(source, (report) => checkText(source, report));
}

function checkAll(source: Source, report: Report): void {
  checkText(source, report);
  if (!isScript(source.path)) checkSyntax(source, report);
  checkBarrel(source, report);
  checkTestModifiers(source, report);
  if (baseName(source.path) === "utils.ts" || baseName(source.path) === "helpers.ts") {
    report("names", 1, "name the file after what it holds");
  }
}

export function checkShape(source: Source): Violation[] {
  return reported(source, (report) => checkAll(source, report));
}
