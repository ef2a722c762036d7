// Which public methods of datasets take functions that run on workers, read off the sources.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const folder = fileURLToPath(new URL("../../../sdk/dataset/", import.meta.url));

/** Functions of columns are called in `run`, and only describe. */
const describing = /^\(\s*(columns|left): Columns</;

/** Names of parameters and of fields of options that are functions of rows. */
function functionsIn(parameter: ts.ParameterDeclaration): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node, name: string): void => {
    if (ts.isFunctionTypeNode(node)) {
      if (!describing.test(node.getText())) found.push(name);
      return;
    }
    const inner = ts.isPropertySignature(node) ? node.name.getText() : name;
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  if (parameter.type !== undefined) visit(parameter.type, parameter.name.getText());
  return found;
}

function isPublic(method: ts.ClassElement): method is ts.MethodDeclaration {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return (
    ts.isMethodDeclaration(method) &&
    !ts.isPrivateIdentifier(method.name) &&
    (ts.getCombinedModifierFlags(method) & hidden) === 0
  );
}

/** `map.transform`, `groupByKey.sortBy`, …: method and parameter, each once, in order. */
export function rowFunctions(): readonly string[] {
  const files = readdirSync(folder).filter(
    (name) => name === "dataset.ts" || name.endsWith("-steps.ts"),
  );
  const found = files.flatMap((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    const tree = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
    return tree.statements
      .filter(ts.isClassDeclaration)
      .flatMap(({ members }) => members.filter(isPublic))
      .flatMap((method) =>
        method.parameters
          .filter((parameter) => parameter.name.getText() !== "this")
          .flatMap(functionsIn)
          .map((own) => `${method.name.getText()}.${own}`),
      );
  });
  return [...new Set(found)].sort();
}
