// The Python environment of the peers: made by one command, outside of the project, and never needed.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { suiteFile } from "../places.ts";
import { runProcess } from "../traces/traces.ts";

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
  const how = "`npm run bench -- peers install` makes it";
  if (!existsSync(join(folder, "bin/python"))) return { absent: `no Python environment; ${how}` };
  if (!existsSync(stampFile(folder)))
    return { absent: `the Python environment is half made; ${how}` };
  if (readFileSync(stampFile(folder), "utf8") !== requirementsStamp()) {
    return { absent: `the Python environment is of other versions; ${how} anew` };
  }
  return { folder };
}

async function run(...command: readonly string[]): Promise<void> {
  const { status } = await runProcess(command);
  if (status !== 0) throw new Error(`${command.join(" ")} ended with ${status}`);
}

/** Makes the environments; needs `python3` with venv, and `npm` for skale. */
export async function installPeers(note: (text: string) => void): Promise<void> {
  const folder = join(peersFolder(), "python");
  note(`making ${folder}`);
  mkdirSync(dirname(folder), { recursive: true });
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
  return { absent: "not installed; `npm run bench -- peers install` tries to" };
}

async function installSkale(note: (text: string) => void): Promise<void> {
  const folder = join(peersFolder(), "skale");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}\n");
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", `skale@${skaleVersion}`];
  const { status } = await runProcess(["npm", ...args], { workingFolder: folder });
  if (status !== 0) note("skale could not be installed; the suite runs without it");
}
