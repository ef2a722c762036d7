// Generates from sources: wire messages from proto/wire/*.proto, the page of functions, then the kernels.
// With `--check` it writes nothing to the tree and fails, naming the files that are out of date.
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { functionPage } from "./function-page.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const wireFolder = join(root, "proto/wire");
const generatedFolder = join(wireFolder, "generated");
const functionsFile = join(root, "docs/functions.md");
const kernelsGenerator = join(root, "worker/kernels/generate.mjs");

/** Bytes are Uint8Array views, 64-bit integers are numbers, and every message is spelt out in full. */
const tsProtoOptions = [
  "esModuleInterop=true",
  "importSuffix=.ts",
  "env=both",
  "forceLong=number",
  "oneof=unions-value",
  "useOptionals=none",
  "enumsAsLiterals=true",
  "unrecognizedEnum=false",
  "outputServices=none",
  "outputJsonMethods=false",
  "outputPartialMethods=false",
  "outputTypeRegistry=false",
];

function run(command, args, folder) {
  const result = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
  if (result.error) throw result.error;
  process.stdout.write(result.stdout);
  process.stderr.write(result.stderr);
  return result.status ?? 1;
}

/** Runs the local compiler with the local plugin: no network, no remote plugin. */
function generateWire(outFolder) {
  const template = {
    version: "v2",
    plugins: [
      {
        local: join(root, "node_modules/.bin/protoc-gen-ts_proto"),
        out: outFolder,
        opt: tsProtoOptions,
      },
    ],
  };
  const buf = join(root, "node_modules/.bin/buf");
  const status = run(buf, ["generate", wireFolder, "--template", JSON.stringify(template)], root);
  if (status !== 0) throw new Error(`buf generate ended with status ${status} for ${wireFolder}`);
}

/** Content by file name; a folder that does not exist has no files. */
function filesOf(folder) {
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** Names of the generated files that are missing, different, or no longer made. */
function differences(fresh, present) {
  const names = [...new Set([...fresh.keys(), ...present.keys()])].sort();
  return names.filter((name) => fresh.get(name) !== present.get(name));
}

/** Writes only what changed, so that an unchanged file keeps its time and no build follows. */
function update(fresh, present) {
  mkdirSync(generatedFolder, { recursive: true });
  for (const name of differences(fresh, present)) {
    const content = fresh.get(name);
    if (content === undefined) rmSync(join(generatedFolder, name));
    else writeFileSync(join(generatedFolder, name), content);
  }
}

/** False when the page is out of date and must not be written. */
async function generatePage(check) {
  const fresh = await functionPage(root);
  const present = existsSync(functionsFile) ? readFileSync(functionsFile, "utf8") : undefined;
  if (fresh === present) return true;
  if (!check) writeFileSync(functionsFile, fresh);
  else process.stderr.write("out of date: docs/functions.md (run: npm run generate)\n");
  return !check;
}

async function main(args) {
  const check = args.includes("--check");
  const scratch = mkdtempSync(join(tmpdir(), "millrace-generate-"));
  let failed = false;
  try {
    generateWire(scratch);
    const fresh = filesOf(scratch);
    const present = filesOf(generatedFolder);
    if (check) {
      for (const name of differences(fresh, present)) {
        const path = relative(root, join(generatedFolder, name));
        process.stderr.write(`out of date: ${path} (run: npm run generate)\n`);
        failed = true;
      }
    } else {
      update(fresh, present);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  if (!(await generatePage(check))) failed = true;
  if (existsSync(kernelsGenerator)) {
    const kernelArgs = [kernelsGenerator, ...(check ? ["--check"] : [])];
    if (run(process.execPath, kernelArgs, root) !== 0) failed = true;
  }
  return failed ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`generate: ${error.message}\n`);
  process.exitCode = 1;
}
