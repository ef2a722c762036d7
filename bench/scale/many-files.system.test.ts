// The small twin of `npm run bench:scale -- --only files`: more files than a plan names one by one.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { namedFilesMax } from "../../proto/limits.ts";
import { failureOf, runCommand } from "../scenarios/testing/command-line.ts";
import { scratchFolder } from "../scenarios/testing/folders.ts";

const folder = scratchFolder("many-files");

test("files of which only borders are planned are all read, each once", async () => {
  const files = namedFilesMax + 500;
  let letters = 0;
  for (let file = 0; file < files; file++) {
    const part = join(folder, "in", `part-${file % 7}`);
    if (file < 7) mkdirSync(part, { recursive: true });
    const line = `line ${file}`;
    letters += line.length;
    writeFileSync(join(part, `${file}-é.txt`), `${line}\n`);
  }
  const job = ["bench/scale/jobs/count-files/job.ts", "--input", `${folder}/in/**/*.txt`];
  const run = await runCommand(["run", "--json", "--threads", "2", ...job]);
  expect(run.code, run.stderr).toBe(0);
  expect((JSON.parse(run.stdout) as { result: unknown }).result).toBe(letters);
  const plan = await runCommand(["explain", ...job]);
  expect(plan.stdout).toContain(`${files} files from file://${folder}/in/part-0/0-é.txt to`);
  rmSync(join(folder, "in"), { recursive: true });
  expect(failureOf(await runCommand(["run", "--json", ...job])).code).toBe("INPUT_NOT_FOUND");
}, 120_000);
