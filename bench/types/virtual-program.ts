// The compiler and the editor's services over a program in memory, as a user would write it beside the package.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** In the project, so that `import … from "millrace"` finds it. */
const virtualPath = join(root, "bench/types/user-program.ts");

function compilerOptions(): ts.CompilerOptions {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.json"),
    { noUnusedLocals: false, noUnusedParameters: false, isolatedModules: false },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  );
  return config?.options ?? {};
}

const options = compilerOptions();
/** Read once: the library and the SDK are the same for all programs of a test file. */
const unchanging = new Map<string, ts.IScriptSnapshot | undefined>();
let text = "";
let version = 0;

function snapshotOf(path: string): ts.IScriptSnapshot | undefined {
  if (path === virtualPath) return ts.ScriptSnapshot.fromString(text);
  if (!unchanging.has(path)) {
    const source = ts.sys.readFile(path);
    unchanging.set(path, source === undefined ? undefined : ts.ScriptSnapshot.fromString(source));
  }
  return unchanging.get(path);
}

/** One for all programs, as in an editor where somebody types: what does not change is parsed once. */
const service = ts.createLanguageService({
  getCompilationSettings: () => options,
  getScriptFileNames: () => [virtualPath],
  getScriptVersion: (path) => (path === virtualPath ? String(version) : "1"),
  getScriptSnapshot: snapshotOf,
  getCurrentDirectory: () => root,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: (path) => path === virtualPath || ts.sys.fileExists(path),
  readFile: (path) => (path === virtualPath ? text : ts.sys.readFile(path)),
});

function write(program: string): void {
  text = program;
  version++;
}

export interface Checked {
  /** `3: message`, one line each, chained messages joined by ` / `. */
  readonly errors: readonly string[];
  /**
   * Milliseconds of processor time that checking the program itself took, parsing and the SDK's own files left out:
   * what runs beside it is no property of the types.
   */
  readonly checkCpuMs: number;
}

export function check(written: string): Checked {
  write(written);
  const program = service.getProgram();
  if (program === undefined) throw new Error("the service has no program");
  const file = program.getSourceFile(virtualPath);
  // The declarations that every program needs are resolved before it counts.
  program.getGlobalDiagnostics();
  const before = process.cpuUsage();
  const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  const { user, system } = process.cpuUsage(before);
  const errors = found.map(({ start = 0, messageText }) => {
    const line = (file?.getLineAndCharacterOfPosition(start).line ?? 0) + 1;
    const message = ts.flattenDiagnosticMessageText(messageText, " / ").replace(/\s+/g, " ");
    return `${line}: ${message}`;
  });
  return { errors, checkCpuMs: (user + system) / 1000 };
}

/** What an editor offers at the place of `|` in the text. */
export function completions(written: string): readonly string[] {
  const position = written.indexOf("|");
  write(written.slice(0, position) + written.slice(position + 1));
  const found = service.getCompletionsAtPosition(virtualPath, position, {});
  return found?.entries.map(({ name }) => name) ?? [];
}
