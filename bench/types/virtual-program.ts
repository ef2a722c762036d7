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

/** Parsed once: the library and the SDK are the same for all programs of a test file. */
const parsed = new Map<string, ts.SourceFile | undefined>();

function hostOf(options: ts.CompilerOptions, text: string): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === virtualPath || fileExists(path);
  host.getSourceFile = (path, language, ...rest) => {
    if (path === virtualPath) return ts.createSourceFile(path, text, language);
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, language, ...rest));
    return parsed.get(path);
  };
  return host;
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

export function check(text: string): Checked {
  const options = compilerOptions();
  const program = ts.createProgram([virtualPath], options, hostOf(options, text));
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
export function completions(text: string): readonly string[] {
  const position = text.indexOf("|");
  const program = text.slice(0, position) + text.slice(position + 1);
  const options = compilerOptions();
  const service = ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [virtualPath],
    getScriptVersion: () => "1",
    getScriptSnapshot: (path) => {
      const source = path === virtualPath ? program : ts.sys.readFile(path);
      return source === undefined ? undefined : ts.ScriptSnapshot.fromString(source);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (path) => path === virtualPath || ts.sys.fileExists(path),
    readFile: (path) => (path === virtualPath ? program : ts.sys.readFile(path)),
  });
  const found = service.getCompletionsAtPosition(virtualPath, position, {});
  return found?.entries.map(({ name }) => name) ?? [];
}
