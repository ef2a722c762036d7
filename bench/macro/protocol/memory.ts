// Memory of a process and all it started, as the system tells it.

import { readFileSync } from "node:fs";

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended between two looks, or the system has no /proc.
    return "";
  }
}

/** Process ids of a process and its descendants. */
export function processTree(pid: number): number[] {
  const found = [pid];
  for (let at = 0; at < found.length; at++) {
    const children = readText(`/proc/${found[at]}/task/${found[at]}/children`).trim();
    if (children !== "") found.push(...children.split(" ").map(Number));
  }
  return found;
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readText(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
}

/** The sum of resident sizes: memory that two processes share counts twice. 0 where /proc is missing. */
export function treeBytes(pid: number): number {
  return processTree(pid).reduce((sum, each) => sum + residentBytes(each), 0);
}

const sampleEveryMs = 25;

/** Looks at the tree until it is stopped; answers the most that it saw. */
export function watchMemory(pid: number): { stop(): number } {
  let peakBytes = treeBytes(pid);
  const sampler = setInterval(() => {
    peakBytes = Math.max(peakBytes, treeBytes(pid));
  }, sampleEveryMs);
  return {
    stop: () => {
      clearInterval(sampler);
      return Math.max(peakBytes, treeBytes(pid));
    },
  };
}
