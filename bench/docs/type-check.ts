// Type-checks the TypeScript blocks of the pages, as a user's own files next to the package.
import { join } from "node:path";
import ts from "typescript";
import { type Block, fileNameOf } from "./blocks.ts";

const virtualFolder = "bench/docs/pages";

/** The blocks of one page share a folder that exists in memory only. */
function virtualPath(root: string, block: Block): string {
  const folder = block.page.replace(/[^A-Za-z0-9]/g, "-");
  const name = fileNameOf(block) ?? `block-at-line-${block.line}.ts`;
  return join(root, virtualFolder, folder, name);
}

function optionsOf(root: string): ts.CompilerOptions {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.json"),
    { noUnusedLocals: false, noUnusedParameters: false, isolatedModules: false },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  );
  return config?.options ?? {};
}

/** One line per error: `README.md:12: message`. */
export function typeErrors(root: string, blocks: readonly Block[]): string[] {
  // Each block is a module, so that it may use `await` and has names of its own.
  const byPath = new Map(blocks.map((block) => [virtualPath(root, block), block]));
  const textOf = (path: string) => {
    const block = byPath.get(path);
    return block && `${block.code}export {};\n`;
  };
  const options = optionsOf(root);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile, directoryExists } = host;
  host.directoryExists = (path) =>
    path.startsWith(join(root, virtualFolder)) || directoryExists?.(path) === true;
  host.fileExists = (path) => byPath.has(path) || fileExists(path);
  host.readFile = (path) => textOf(path) ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = textOf(path);
    if (text === undefined) return getSourceFile(path, language, ...rest);
    return ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...byPath.keys()], options, host);
  const errors: string[] = [];
  for (const [path, block] of byPath) {
    const file = program.getSourceFile(path);
    const found = [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ];
    for (const { start = 0, messageText } of found) {
      const line = block.line + (file?.getLineAndCharacterOfPosition(start).line ?? 0);
      errors.push(`${block.page}:${line}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
    }
  }
  return errors;
}
