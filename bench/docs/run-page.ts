// Does what a page tells its reader to do: writes its files, runs its marked commands, in order.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type Block, fileNameOf } from "./blocks.ts";

const blockSecondsMax = 50;

function runBlock(folder: string, block: Block): string | undefined {
  const path = [join(folder, ".bin"), process.env.PATH ?? ""].join(delimiter);
  const result = spawnSync("bash", ["-euo", "pipefail", "-c", block.code], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, PATH: path, CI: "true" },
    input: "",
    timeout: blockSecondsMax * 1000,
  });
  if (result.status === 0) return undefined;
  const ended =
    result.status === null ? `was stopped (${result.signal})` : `status ${result.status}`;
  return `${block.page}:${block.line}: ${ended}\n${result.stdout}${result.stderr}`;
}

/** The first failure, or undefined. Blocks of one page share one folder, as a reader's would. */
export function runPage(root: string, blocks: readonly Block[]): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "millrace-docs-"));
  try {
    mkdirSync(join(folder, ".bin"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(join(root, "sdk/cli/millrace.mjs"), join(folder, ".bin/millrace"));
    symlinkSync(root, join(folder, "node_modules/millrace"));
    // A reader has a test runner of its own.
    mkdirSync(join(folder, "node_modules/.bin"));
    symlinkSync(join(root, "node_modules/vitest"), join(folder, "node_modules/vitest"));
    symlinkSync("../vitest/vitest.mjs", join(folder, "node_modules/.bin/vitest"));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
    for (const block of blocks) {
      const name = fileNameOf(block);
      if (name !== undefined) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), block.code);
      } else if (block.language === "sh" && block.marks.includes("run")) {
        const failure = runBlock(folder, block);
        if (failure !== undefined) return failure;
      }
    }
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
