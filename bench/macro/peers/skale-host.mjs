// skale's side of a session: `skale-host.mjs FOLDER THREADS WORKLOAD`, where FOLDER holds its package.

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [folder, threads] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
// Its workers are processes that look for its package from where they start.
process.chdir(folder);
const { version } = require("skale/package.json");
const context = require("skale").context({ worker: Number(threads) });

/** What a task of each name does; functions travel as their source. */
const tasks = {
  closure: async ({ input, output }) => {
    const counts = await context
      .textFile(input)
      .flatMap((line) => line.split(" "))
      .map((word) => [word, 1])
      .reduceByKey((a, b) => a + b, 0)
      .collect();
    counts.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : a > b ? 1 : 0));
    mkdirSync(output, { recursive: true });
    const lines = counts.map(([word, count]) => `${JSON.stringify({ word, count })}\n`);
    writeFileSync(join(output, "words.ndjson"), lines.join(""));
    return [];
  },
};

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

say({ kind: "ready", version });
async function answer(line) {
  const { task } = JSON.parse(line);
  try {
    say({ kind: "done", rows: await tasks[task.name](task.params) });
  } catch (failure) {
    say({ kind: "failed", error: String(failure?.stack ?? failure) });
  }
}

// Who read answers may be gone; then nobody waits for this one either.
process.stdout.on("error", () => {});
const lines = createInterface({ input: process.stdin });
const ended = new Promise((resolve) => lines.once("close", resolve));
for await (const line of lines) await Promise.race([answer(line), ended]);
context.end();
process.exit(0);
