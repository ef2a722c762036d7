// Builds the TypeScript to dist/, one .mjs per entry point, and does nothing when nothing changed.
// `--types` also emits declarations of the public SDK (slow; only a package needs them).
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const dist = join(root, "dist");
const typesFolder = join(dist, "types");
const stampFile = join(dist, ".stamp");
const sourceFolders = ["bench", "jobs", "master", "proto", "sdk", "worker"];
const settings = ["package-lock.json", "tsconfig.json"];

/** Packages that look for files or programs beside themselves, so they cannot move into a bundle. */
const neverBundled = ["@bokuweb/zstd-wasm", "@duckdb/node-api", "esbuild", "piscina"];

/** CommonJS packages inside an ESM bundle call `require` for Node's own modules. */
const requireBanner =
  'import { createRequire as createBundleRequire } from "node:module"; ' +
  "const require = createBundleRequire(import.meta.url);";

const common = {
  absWorkingDir: root,
  outbase: root,
  outdir: dist,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  sourcemap: "linked",
  sourcesContent: false,
  write: false,
  logLevel: "error",
};

/** Paths of every file below a folder, in a fixed order. */
function walk(folder, found = []) {
  if (!existsSync(folder)) return found;
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) walk(path, found);
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

function isSource(path) {
  return /\.(ts|mjs|json)$/.test(path) && !path.endsWith(".test.ts");
}

/** One hash over names, sizes and times of everything a build reads. */
function stampOf(wantsTypes) {
  const hash = createHash("sha256").update(`types:${wantsTypes}\n`);
  const files = sourceFolders.flatMap((folder) => walk(join(root, folder)).filter(isSource));
  for (const path of [...settings.map((name) => join(root, name)), ...files]) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

function readStamp() {
  if (!existsSync(stampFile)) return undefined;
  const [stamp, ...outputs] = readFileSync(stampFile, "utf8").trimEnd().split("\n");
  return outputs.every((name) => existsSync(join(dist, name))) ? stamp : undefined;
}

/** A rename is atomic: a process that starts during a build sees the old file or the new one. */
function writeAtomically(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const scratch = `${path}.${process.pid}.tmp`;
  writeFileSync(scratch, content);
  renameSync(scratch, path);
}

/** The runtime travels inside every job: of the schema library's messages it keeps one language. */
const onlyEnglish = {
  name: "only-english",
  setup(build) {
    build.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: 'export { default as en } from "./en.js";',
    }));
  },
};

/**
 * Processes carry their packages inside: one file starts faster than hundreds of look-ups
 * (grpc + yargs + zod: 109 ms against 167 ms; apache-arrow: 68 ms against 136 ms). Those that every `millrace run` waits
 * for leave what they import late in files of its own, beside them, since the engine reads through all of a file:
 * with them the command was one file of 3.7 MB.
 * Libraries leave packages outside, and share one copy of our classes between them.
 */
async function bundle({ processes, starters, libraries, connectors, jobRuntime }) {
  const { build } = await import("esbuild");
  const present = (names) => names.filter((name) => existsSync(join(root, name)));
  const results = await Promise.all([
    build({
      ...common,
      entryPoints: present(processes),
      external: neverBundled,
      banner: { js: requireBanner },
    }),
    // Each by itself: what two of them share would else be in files of its own, too.
    ...present(starters).map((starter) =>
      build({
        ...common,
        entryPoints: [starter],
        external: neverBundled,
        banner: { js: requireBanner },
        splitting: true,
        chunkNames: `${dirname(starter)}/[name]-[hash]`,
      }),
    ),
    build({
      ...common,
      entryPoints: present([jobRuntime]),
      minify: true,
      plugins: [onlyEnglish],
    }),
    // Parts of jobs, built on the public interface: `millrace` is the runtime of whatever job they are in.
    build({
      ...common,
      entryPoints: present(connectors),
      external: ["millrace", "pg", "pg-copy-streams"],
    }),
    build({
      ...common,
      entryPoints: present(libraries),
      packages: "external",
      splitting: true,
      chunkNames: "sdk/chunks/[name]-[hash]",
    }),
  ]);
  return results.flatMap((result) => result.outputFiles);
}

function writeOutputs(outputs) {
  const kept = new Set(outputs.map((output) => output.path));
  for (const { path, contents } of outputs) {
    const before = existsSync(path) ? readFileSync(path) : undefined;
    if (before === undefined || !before.equals(contents)) writeAtomically(path, contents);
  }
  for (const path of walk(dist)) {
    if (/\.mjs(\.map)?$/.test(path) && !kept.has(path)) rmSync(path, { force: true });
  }
}

async function emitTypes({ libraries, connectors }) {
  const { default: ts } = await import("typescript");
  const parsed = ts.getParsedCommandLineOfConfigFile(
    join(root, "tsconfig.json"),
    {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      outDir: typesFolder,
      rootDir: root,
    },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
  );
  const files = [...libraries, ...connectors]
    .map((name) => join(root, name))
    .filter((path) => existsSync(path));
  rmSync(typesFolder, { recursive: true, force: true });
  const program = ts.createProgram(files, parsed.options);
  const emitted = program.emit();
  const problems = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
  if (problems.length === 0) return;
  const host = {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => root,
    getNewLine: () => "\n",
  };
  throw new Error(`declarations do not compile:\n${ts.formatDiagnostics(problems, host)}`);
}

async function main(args) {
  const startedMs = performance.now();
  const wantsTypes = args.includes("--types");
  const stamp = stampOf(wantsTypes);
  if (readStamp() === stamp) return;
  const entries = JSON.parse(readFileSync(join(root, "bench/tooling/entries.json"), "utf8"));
  const outputs = await bundle(entries);
  writeOutputs(outputs);
  if (wantsTypes) await emitTypes(entries);
  const names = outputs.map((output) => relative(dist, output.path)).sort();
  // Last, so that an interrupted build is repeated.
  writeAtomically(stampFile, `${[stamp, ...names].join("\n")}\n`);
  const count = names.filter((name) => name.endsWith(".mjs")).length;
  const elapsedMs = Math.round(performance.now() - startedMs);
  process.stdout.write(`built ${count} files to dist in ${elapsedMs} ms\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  // esbuild has already printed its own findings.
  if (error.errors === undefined) process.stderr.write(`build: ${error.message}\n`);
  process.exitCode = 1;
}
