// Names that would let a clock, the machine or chance into code that must not see them.
import ts from "typescript";
import {
  compositionRoot,
  localeMethods,
  nodePlaces,
  portExempt,
  portMembers,
  portNames,
  promisePlaces,
  promiseTypePlaces,
  pureFolders,
  pureMembers,
  pureNames,
  seededFolders,
  seededNames,
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

/** A name that the file declares itself is not the global one. */
function declaredNames(source: Source): Set<string> {
  const names = new Set<string>();
  eachNode(source, (node) => {
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isImportSpecifier(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node);
    if (declares && node.name !== undefined && ts.isIdentifier(node.name))
      names.add(node.name.text);
  });
  return names;
}

/** `x.Date` and `{ Date: 1 }` name a property, not the global. */
function namesProperty(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  const isMember =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isGetAccessorDeclaration(parent) ||
    ts.isNamedTupleMember(parent);
  return isMember && parent.name === node;
}

/** As a type, in `instanceof Date`, and in `new Date(milliseconds)` nothing reads the clock. */
function isDateValue(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isTypeReferenceNode(parent)) return true;
  if (ts.isNewExpression(parent)) return parent.arguments?.length === 1;
  return (
    ts.isBinaryExpression(parent) &&
    parent.right === node &&
    parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword
  );
}

type Report = (node: ts.Node, message: string) => void;

function bannedReference(
  node: ts.Node,
  names: ReadonlySet<string>,
  members: ReadonlySet<string>,
): string | undefined {
  if (ts.isIdentifier(node) && names.has(node.text) && !namesProperty(node)) {
    return node.text === "Date" && isDateValue(node) ? undefined : node.text;
  }
  if (ts.isPropertyAccessExpression(node) && ts.isIdentifier(node.expression)) {
    const member = `${node.expression.text}.${node.name.text}`;
    if (members.has(member)) return member;
  }
  return undefined;
}

function without(names: readonly string[], dropped: ReadonlySet<string>): Set<string> {
  return new Set(names.filter((name) => !dropped.has(name)));
}

function isAsync(node: ts.Node): boolean {
  if (!ts.canHaveModifiers(node)) return false;
  const modifiers = ts.getModifiers(node) ?? [];
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.AsyncKeyword);
}

function checkPureSyntax(node: ts.Node, report: Report): void {
  if (isAsync(node)) report(node, "async: a pure core is synchronous");
  if (ts.isAwaitExpression(node)) report(node, "await: a pure core is synchronous");
  if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) {
    report(node, "for await: a pure core is synchronous");
  }
  if (ts.isForInStatement(node)) report(node, "for…in: use Object.keys, Object.entries or a Map");
  if (!ts.isPropertyAccessExpression(node)) return;
  const method = node.name.text;
  if (localeMethods.includes(method)) report(node, `${method} depends on the machine's locale`);
  const isCalled = ts.isCallExpression(node.parent) && node.parent.expression === node;
  const argumentCount = isCalled ? (node.parent as ts.CallExpression).arguments.length : 1;
  if ((method === "sort" || method === "toSorted") && argumentCount === 0) {
    report(node, `${method}() without a comparator compares as text`);
  }
}

function checkPure(source: Source, report: Report): void {
  const mayNamePromises = isWithin(source.path, promiseTypePlaces);
  const dropped = declaredNames(source);
  if (isWithin(source.path, promisePlaces)) dropped.add("Promise");
  const names = without(pureNames, dropped);
  const members = new Set(pureMembers);
  eachNode(source, (node) => {
    const banned = bannedReference(node, names, members);
    const isNamed = banned === "Promise" && mayNamePromises && ts.isTypeReferenceNode(node.parent);
    if (banned !== undefined && !isNamed) report(node, `${banned} is banned in a pure folder`);
    checkPureSyntax(node, report);
  });
}

function checkGlobals(source: Source, banned: readonly string[], report: Report): void {
  const names = without(banned, declaredNames(source));
  const members = new Set(portMembers);
  eachNode(source, (node) => {
    const found = bannedReference(node, names, members);
    if (found !== undefined) report(node, `${found}: take it through a port`);
  });
}

export function checkNames(source: Source): Violation[] {
  const { path } = source;
  const violations: Violation[] = [];
  if (isTest(path) || isScript(path)) return violations;
  const reportAs =
    (rule: string): Report =>
    (node, message) => {
      violations.push({ rule, path, line: lineOf(source, node), message });
    };
  const seesWorld = baseName(path) === compositionRoot || isWithin(path, nodePlaces);
  if (isWithin(path, pureFolders)) checkPure(source, reportAs("pure"));
  else if (isWithin(path, seededFolders)) checkGlobals(source, seededNames, reportAs("seeded"));
  else if (!seesWorld && !isWithin(path, portExempt)) {
    checkGlobals(source, portNames, reportAs("ports"));
  }
  return violations;
}
