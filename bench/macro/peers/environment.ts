// The Python environment of the peers: made by one command, outside of the project, and never needed.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { whyNotWritable } from "../../tooling/make-folders.ts";
import { benchCommand, suiteFile } from "../places.ts";
import { runProcess } from "../traces/traces.ts";
import { UsageError } from "../usage-error.ts";

export function peersFolder(): string {
  const base = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
  return join(base, "millrace", "peers");
}

function requirementsFile(): string {
  return suiteFile("peers/requirements.txt");
}

function requirementsStamp(): string {
  return createHash("sha256").update(readFileSync(requirementsFile())).digest("hex");
}

const stampFile = (folder: string): string => join(folder, "requirements.sha256");

/** The environment's folder, or why there is none. */
export function pythonEnvironment(): { readonly folder: string } | { readonly absent: string } {
  const folder = join(peersFolder(), "python");
  const how = `\`${benchCommand("peers install")}\` makes it`;
  if (!existsSync(join(folder, "bin/python"))) return { absent: `no Python environment; ${how}` };
  if (!existsSync(stampFile(folder)))
    return { absent: `the Python environment is half made; ${how}` };
  if (readFileSync(stampFile(folder), "utf8") !== requirementsStamp()) {
    return { absent: `the Python environment is of other versions; ${how} anew` };
  }
  return { folder };
}

/** Undefined where the command did what it should; it says itself more about why it did not. */
async function failureOf(command: readonly string[], options = {}): Promise<string | undefined> {
  try {
    const { status } = await runProcess(command, options);
    return status === 0 ? undefined : `${command.join(" ")} ended with ${status}`;
  } catch (failure) {
    const why = failure instanceof Error ? failure.message : String(failure);
    return `${command[0]} cannot be started: ${why}`;
  }
}

async function run(...command: readonly string[]): Promise<void> {
  const failure = await failureOf(command);
  if (failure === undefined) return;
  throw new UsageError(`the peers need Python 3 with its module venv, and ${failure}`);
}

/** Makes the environments; needs `python3` with venv, and `npm` for skale. */
export async function installPeers(note: (text: string) => void): Promise<void> {
  const folder = join(peersFolder(), "python");
  note(`making ${folder}`);
  const unwritable = whyNotWritable(dirname(folder));
  if (unwritable !== undefined) {
    throw new UsageError(`no folder can be written at ${dirname(folder)}: ${unwritable}`);
  }
  rmSync(stampFile(folder), { force: true });
  await run("python3", "-m", "venv", "--clear", folder);
  const quiet = "--disable-pip-version-check";
  await run(join(folder, "bin/pip"), "install", quiet, "-r", requirementsFile());
  writeFileSync(stampFile(folder), requirementsStamp());
  await installSkale(note);
}

const skaleVersion = "1.2.2";

/** Where skale is, or why it is not. */
export function skaleFolder(): { readonly folder: string } | { readonly absent: string } {
  const folder = join(peersFolder(), "skale");
  if (existsSync(join(folder, "node_modules/skale/package.json"))) return { folder };
  return { absent: `not installed; \`${benchCommand("peers install")}\` tries to` };
}

async function installSkale(note: (text: string) => void): Promise<void> {
  const folder = join(peersFolder(), "skale");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}\n");
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `skale@${skaleVersion}`];
  const failure = await failureOf(["npm", ...args], { workingFolder: folder });
  if (failure !== undefined) note(`the suite runs without skale: ${failure}`);
}
