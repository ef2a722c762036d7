// The most memory that an executor process had, as Linux tells it of the whole life of a process.

import { readFileSync } from "node:fs";
import { processTree } from "../macro/protocol/memory.ts";

const sampleEveryMs = 20;

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It ended between two looks.
    return "";
  }
}

const isExecutor = (pid: number): boolean =>
  textOf(`/proc/${pid}/cmdline`).includes("worker/executor/entry.mjs");

export interface ExecutorMemory {
  readonly peakBytes: number;
  /** More than one where one died. */
  readonly executors: number;
}

/** Looks at the executors below a process until it is stopped: what they had at most is theirs, not that of a look. */
export function watchExecutors(pid: number): { stop(): ExecutorMemory } {
  const peaks = new Map<number, number>();
  const look = (): void => {
    for (const each of processTree(pid)) {
      if (!peaks.has(each) && !isExecutor(each)) continue;
      const kibibytes = Number(
        /^VmHWM:\s+(\d+) kB/m.exec(textOf(`/proc/${each}/status`))?.[1] ?? 0,
      );
      peaks.set(each, Math.max(peaks.get(each) ?? 0, kibibytes * 1024));
    }
  };
  const sampler = setInterval(look, sampleEveryMs);
  return {
    stop: () => {
      clearInterval(sampler);
      return { peakBytes: Math.max(0, ...peaks.values()), executors: peaks.size };
    },
  };
}
