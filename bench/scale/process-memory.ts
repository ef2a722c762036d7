// The resident memory of a process with all that it started, as Linux counts it.

import { readdirSync, readFileSync } from "node:fs";

interface ProcessStatus {
  readonly parent: number;
  readonly residentBytes: number;
}

function statusOf(pid: string): ProcessStatus | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/status`, "utf8");
    const parent = Number(/^PPid:\s+(\d+)/m.exec(text)?.[1]);
    const residentBytes = Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024;
    return { parent, residentBytes };
  } catch {
    return undefined;
  }
}

/** Pages that several of them share count in each. */
export function residentBytesBelow(root: number): number {
  const all = new Map<number, ProcessStatus>();
  for (const name of readdirSync("/proc")) {
    const status = /^\d+$/.test(name) ? statusOf(name) : undefined;
    if (status !== undefined) all.set(Number(name), status);
  }
  const belongs = (pid: number): boolean => {
    if (pid === root) return true;
    const parent = all.get(pid)?.parent;
    return parent !== undefined && parent !== 0 && belongs(parent);
  };
  let total = 0;
  for (const [pid, { residentBytes }] of all) if (belongs(pid)) total += residentBytes;
  return total;
}
