// What a result was measured on, and how contenders are kept to the same cores.

import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { availableParallelism, cpus, release, totalmem } from "node:os";
import { join } from "node:path";
import { projectFolder } from "../places.ts";
import type { RunHeader } from "./results.ts";
import type { Pin } from "./sessions.ts";

/** Of the project's own repository; an installed package lies in somebody else's. */
function commit(): string {
  const git = (...args: readonly string[]): string => {
    const { status, stdout } = spawnSync("git", args, { cwd: projectFolder(), encoding: "utf8" });
    return status === 0 ? stdout.trim() : "";
  };
  if (realpathSync(projectFolder()) !== git("rev-parse", "--show-toplevel")) return "a package";
  const id = git("rev-parse", "--short", "HEAD");
  return git("status", "--porcelain") === "" ? id : `${id} with changes`;
}

/** Who the measured run was, but for what was asked of it. */
export function describeMachine(): Pick<
  RunHeader,
  "startedAt" | "commit" | "machine" | "node" | "cores" | "memoryBytes"
> {
  return {
    startedAt: new Date().toISOString(),
    commit: commit(),
    machine: `${cpus()[0]?.model ?? "unknown processor"}, ${process.platform} ${release()}`,
    node: process.version,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

/** Keeps everybody to as many cores as threads, where the system can and there are more. */
export function corePin(): Pin {
  const canPin = availableParallelism() > 1 && spawnSync("taskset", ["--version"]).status === 0;
  return (command, threads) => {
    if (!canPin || availableParallelism() <= threads) return command;
    return ["taskset", "-c", `0-${threads - 1}`, ...command];
  };
}

/** Reads files whole, so that everybody finds them in memory. */
export function warmPageCache(paths: readonly string[]): void {
  const block = Buffer.allocUnsafe(4 * 1024 * 1024);
  for (const path of paths) {
    if (statSync(path).isDirectory()) {
      warmPageCache(readdirSync(path).map((name) => join(path, name)));
      continue;
    }
    const file = openSync(path, "r");
    while (readSync(file, block, 0, block.length, null) > 0);
    closeSync(file);
  }
}
