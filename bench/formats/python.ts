// A Python with pyarrow and Polars, to write and read files as others do: that of the benchmark's peers where it was
// made, else one of our own, made once for all copies of the project on this machine.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { peersFolder, pythonEnvironment } from "../macro/peers/environment.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const own = join(dirname(peersFolder()), "python-formats");

const run = (command: string, ...args: readonly string[]) =>
  spawnSync(command, args, { encoding: "utf8", timeout: 240_000 });

function pythonOf(environment: string): string {
  return join(environment, "bin/python");
}

function isUsable(environment: string): boolean {
  const python = pythonOf(environment);
  return existsSync(python) && run(python, "-c", "import pyarrow, polars, duckdb").status === 0;
}

let chosen: string | undefined;

/** Undefined where there is one, else why there is none. */
export function missingPython(): string | undefined {
  const peers = pythonEnvironment();
  chosen = [...("folder" in peers ? [peers.folder] : []), own].find(isUsable);
  if (chosen !== undefined) return undefined;
  if (run("python3", "-m", "venv", own).status !== 0) return "there is no python3 with venv";
  const installed = run(pythonOf(own), "-m", "pip", "install", "-q", "pyarrow", "polars", "duckdb");
  if (installed.status !== 0) return `pip cannot install pyarrow: ${installed.stderr}`;
  chosen = own;
  return undefined;
}

/** Runs a script of this folder, once `missingPython` has found that there is nothing missing. */
export function runPython(script: string, ...args: readonly string[]) {
  return run(pythonOf(chosen ?? own), `${root}bench/formats/${script}`, ...args);
}
