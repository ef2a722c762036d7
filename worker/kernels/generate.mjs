// Compiles the AssemblyScript kernels into TypeScript modules that carry their bytes inline.
// With --check: writes nothing, exits 1 when a generated module is out of date.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("../../", import.meta.url));
const kernels = [
  { folder: "worker/kernels", source: "string-counter.as.ts", name: "string-counter-wasm" },
  { folder: "worker/kernels", source: "key-table.as.ts", name: "key-table-wasm" },
  { folder: "worker/kernels", source: "radix-sort.as.ts", name: "radix-sort-wasm" },
  { folder: "worker/kernels", source: "text-loops.as.ts", name: "text-loops-wasm" },
  { folder: "worker/kernels", source: "divide-rows.as.ts", name: "divide-rows-wasm" },
  { folder: "worker/kernels", source: "integer-sums.as.ts", name: "integer-sums-wasm" },
  { folder: "worker/kernels", source: "ranked-rows.as.ts", name: "ranked-rows-wasm" },
  { folder: "worker/kernels", source: "pick-words.as.ts", name: "pick-words-wasm" },
  { folder: "worker/kernels", source: "partner-loops.as.ts", name: "partner-loops-wasm" },
  { folder: "worker/kernels", source: "key-bits.as.ts", name: "key-bits-wasm" },
  { folder: "proto/kernels", source: "block-codecs.as.ts", name: "block-codecs-wasm" },
  {
    folder: "proto/kernels",
    source: "dictionary-codes.as.ts",
    name: "dictionary-codes-wasm",
  },
  { folder: "proto/kernels", source: "plain-texts.as.ts", name: "plain-texts-wasm" },
  { folder: "proto/kernels", source: "csv-fields.as.ts", name: "csv-fields-wasm" },
];

async function compile(folder, source) {
  let wasm;
  const flags = ["-O3", "--noAssert", "--runtime", "stub", "--enable", "simd"];
  const { error, stderr } = await asc.main(
    [source, "--outFile", "out.wasm", "--initialMemory", "32", "--use", "abort=", ...flags],
    {
      readFile: (name) => {
        try {
          return readFileSync(join(root, folder, name), "utf8");
        } catch {
          return null;
        }
      },
      writeFile: (name, contents) => {
        if (name.endsWith(".wasm")) wasm = contents;
      },
      listFiles: () => [],
    },
  );
  if (error || wasm === undefined) throw new Error(`${source}: ${error?.message}\n${stderr}`);
  return wasm;
}

function moduleText(source, wasm) {
  const lines = Buffer.from(wasm)
    .toString("base64")
    .match(/.{1,92}/g);
  return [
    `// Generated from ${source} by generate.mjs; do not edit. ${wasm.length} bytes.`,
    "export const wasmBase64 =",
    `${lines.map((line) => `  "${line}"`).join(" +\n")};`,
    "",
  ].join("\n");
}

function current(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const check = process.argv.includes("--check");
for (const { folder, source, name } of kernels) {
  const file = join(root, folder, "generated", `${name}.ts`);
  const text = moduleText(source, await compile(folder, source));
  if (text === current(file)) continue;
  if (check) {
    console.error(`${relative(root, file)} is out of date: run "node worker/kernels/generate.mjs"`);
    process.exitCode = 1;
  } else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${file} (${text.length} bytes)`);
  }
}
