// A Python of our own with pyarrow and Polars, to write and read files as others do.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const venv = `${root}node_modules/.cache/python-readers`;
const python = `${venv}/bin/python`;

const run = (command: string, ...args: readonly string[]) =>
  spawnSync(command, args, { encoding: "utf8", timeout: 240_000 });

/** Made once; undefined where it stands, else why it cannot be had. */
export function missingPython(): string | undefined {
  if (existsSync(python) && run(python, "-c", "import pyarrow, polars").status === 0)
    return undefined;
  if (run("python3", "-m", "venv", venv).status !== 0) return "there is no python3 with venv";
  const installed = run(python, "-m", "pip", "install", "-q", "pyarrow", "polars");
  return installed.status === 0 ? undefined : `pip cannot install pyarrow: ${installed.stderr}`;
}

/** Runs a script of this folder. */
export function runPython(script: string, ...args: readonly string[]) {
  return run(python, `${root}bench/formats/${script}`, ...args);
}
