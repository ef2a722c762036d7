// `npm run quickstart`: counts the words of two real texts as a user would, and shows the result.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const program = join(root, "sdk/cli/millrace.mjs");
const job = "jobs/word-count/job.ts";
const wordsShown = 20;

/** A folder of speeches, and a whole novel (the chapters beside it would count it twice). */
const texts = ["datasets-sotu/data", "datasets-moby-dick/data/data.txt"];
const pattern = "{datasets-sotu/data/*,datasets-moby-dick/data/data}.txt";

function fail(message) {
  process.stderr.write(`quickstart: ${message}\n`);
  process.exit(1);
}

/** Relative to the root where it lies below it, so that commands stay short. */
function packagesFolder() {
  let folder = root;
  for (;;) {
    const candidate = join(folder, "node_modules/@stdlib");
    if (texts.every((text) => existsSync(join(candidate, text)))) {
      return relative(root, candidate) || candidate;
    }
    if (dirname(folder) === folder) return fail("the texts are missing; run `npm ci` first");
    folder = dirname(folder);
  }
}

/** Committed outputs are never written again, so each run gets a folder of its own. */
function freshFolder() {
  const out = join(root, "out");
  mkdirSync(out, { recursive: true });
  const taken = readdirSync(out).map((name) => Number(/^quickstart-(\d+)$/.exec(name)?.[1] ?? 0));
  return `out/quickstart-${Math.max(0, ...taken) + 1}/`;
}

function run(args, stdout) {
  const result = spawnSync(process.execPath, [program, ...args], {
    cwd: root,
    stdio: ["ignore", stdout, "inherit"],
    encoding: "utf8",
  });
  if (result.error !== undefined) fail(`cannot start millrace: ${result.error.message}`);
  if (result.status !== 0) {
    const why = result.status === null ? `signal ${result.signal}` : `exit code ${result.status}`;
    process.stderr.write(`quickstart: millrace ${args[0]} ended with ${why}\n`);
    process.exit(result.status ?? 1);
  }
  return result.stdout ?? "";
}

function table(rows) {
  const words = Math.max(...rows.map((row) => row.value.length));
  const digits = Math.max(...rows.map((row) => String(row.count).length));
  const lines = rows.map((row, at) => {
    const place = String(at + 1).padStart(4);
    return `${place}  ${row.value.padEnd(words)}  ${String(row.count).padStart(digits)}\n`;
  });
  return lines.join("");
}

if (!existsSync(join(root, job))) fail(`${job} is missing`);
const input = `${packagesFolder()}/${pattern}`;
const output = freshFolder();
const args = ["run", job, "--input", input, "--output", output];
process.stdout.write(`$ npx millrace run ${job} --input '${input}' --output ${output}\n`);
run(args, "inherit");
const lines = run(["output", output, "--limit", String(wordsShown)], "pipe")
  .trimEnd()
  .split("\n");
const rows = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
process.stdout.write(`
The ${rows.length} most frequent words of the State of the Union addresses and of Moby Dick:

${table(rows)}
The committed output lies in ${output}; its files are listed in ${output}_manifest.json.
Read it:  npx millrace output ${output} --limit ${wordsShown}
`);
