// Who may import whom: between our folders, npm packages, and Node's own modules.
import { builtinModules } from "node:module";
import { posix } from "node:path";
import ts from "typescript";
import {
  adapterImporters,
  adapters,
  compositionRoot,
  compositionRootImporters,
  importRules,
  importsOfTests,
  jobsFolder,
  nodePlaces,
  nodeWithReasonPlaces,
  packageAliases,
  packagePlaces,
  packagesOfTests,
  testPackagePlaces,
} from "./rules.ts";
import {
  baseName,
  covers,
  eachNode,
  isScript,
  isTest,
  isTestSupport,
  isWithin,
  lineOf,
  type Source,
  type Violation,
} from "./source.ts";

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

/** `import`, `export … from`, `import()`, and `import("…")` in types. */
export function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node | undefined) => {
    if (node === undefined || !ts.isStringLiteralLike(node)) return;
    found.push({ specifier: node.text, line: lineOf(source, node) });
  };
  eachNode(source, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0]);
    }
  });
  return found;
}

/** The imported file of ours, as a path from the root; undefined for packages. */
export function resolveLocal(from: string, specifier: string): string | undefined {
  const alias = packageAliases[specifier];
  if (alias !== undefined) return alias;
  if (!specifier.startsWith(".")) return undefined;
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}

const isRoot = (path: string) => baseName(path) === compositionRoot;

/** Why `from` may not import `target`; undefined when it may. */
function localProblem(from: string, target: string): string | undefined {
  if (isRoot(target) && !isRoot(from) && !isWithin(from, compositionRootImporters)) {
    return `nothing imports ${compositionRoot} files`;
  }
  if (covers("bench", target) && !covers("bench", from) && !isTest(from)) {
    return "only bench and tests import bench";
  }
  if (isTestSupport(target) && !isTest(from) && !covers("bench", from)) {
    return "only tests import what tests share";
  }
  if (isRoot(from)) return undefined;
  const mayUseAdapters = isWithin(from, adapterImporters) || isTest(from);
  if (covers(adapters, target) && !mayUseAdapters) {
    return `${adapters} is for ${compositionRoot} files: take a port instead`;
  }
  if (covers(jobsFolder, from) && posix.dirname(from) === posix.dirname(target)) return undefined;
  const rule = importRules.find((candidate) => covers(candidate.from, from));
  if (rule === undefined) return "no import rule covers this file";
  const may = isTest(from) ? [...rule.may, ...importsOfTests] : rule.may;
  return isWithin(target, may) ? undefined : `${rule.from} may import ${may.join(", ")} only`;
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

const nodeModules = new Set(builtinModules);

function nodeProblem(source: Source, { specifier, line }: Import): string | undefined {
  const { path } = source;
  if (!specifier.startsWith("node:")) return `write node:${specifier}`;
  if (isRoot(path) || isTest(path) || isScript(path) || isWithin(path, nodePlaces))
    return undefined;
  if (!isWithin(path, nodeWithReasonPlaces)) return "Node's modules are reached through ports";
  const lineAbove = source.text.split("\n")[line - 2] ?? "";
  const explained = /^\s*(\/\/|\*|\/\*)/.test(lineAbove) && line > 2;
  return explained ? undefined : "say why in a comment on the line above";
}

function packageProblem(path: string, specifier: string): string | undefined {
  const name = packageName(specifier);
  if (packagesOfTests.includes(name)) {
    const allowed = isTest(path) || isWithin(path, testPackagePlaces);
    return allowed ? undefined : `${name} is for tests`;
  }
  const places = packagePlaces[name];
  if (places === undefined) return `${name} is not in the table of packages`;
  if (isRoot(path)) return undefined;
  return isWithin(path, places)
    ? undefined
    : `${name} may be imported in ${places.join(", ")} only`;
}

export function checkImports(source: Source): Violation[] {
  const violations: Violation[] = [];
  for (const found of importsOf(source)) {
    const { specifier, line } = found;
    const local = resolveLocal(source.path, specifier);
    const isNode = specifier.startsWith("node:") || nodeModules.has(specifier);
    let problem: string | undefined;
    if (local !== undefined) problem = localProblem(source.path, local);
    else if (isNode) problem = nodeProblem(source, found);
    else problem = packageProblem(source.path, specifier);
    if (problem === undefined) continue;
    const message = `imports "${specifier}": ${problem}`;
    violations.push({ rule: "imports", path: source.path, line, message });
  }
  return violations;
}
