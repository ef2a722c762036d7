// Timing whole processes: wall clock, peak memory, interleaved runs, median with its range.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Run {
  readonly wallMs: number;
  /** Largest resident size of the process and its descendants, sampled; 0 where /proc is missing. */
  readonly peakBytes: number;
}

export interface Summary {
  readonly medianMs: number;
  readonly minMs: number;
  readonly maxMs: number;
  readonly peakBytes: number;
  readonly runs: number;
}

const sampleEveryMs = 100;

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended between two looks.
    return "";
  }
}

function residentBytes(pid: number): number {
  const status = readText(`/proc/${pid}/status`);
  const own = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  const children = readText(`/proc/${pid}/task/${pid}/children`).trim();
  if (children === "") return own;
  return children.split(" ").reduce((sum, child) => sum + residentBytes(Number(child)), own);
}

/** Runs one command to its end; rejects with its error output when it fails. */
export function runOnce(command: readonly string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const [program, ...args] = command;
    if (program === undefined) throw new Error("an empty command");
    const started = performance.now();
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    let peakBytes = 0;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      errors = (errors + text).slice(-4000);
    });
    const sampler = setInterval(() => {
      peakBytes = Math.max(peakBytes, residentBytes(child.pid ?? 0));
    }, sampleEveryMs);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearInterval(sampler);
      const wallMs = performance.now() - started;
      if (code === 0) resolve({ wallMs, peakBytes });
      else reject(new Error(`${command.join(" ")} ended with code ${code}:\n${errors}`));
    });
  });
}

export function summarise(runs: readonly Run[]): Summary {
  const sorted = runs.map((run) => run.wallMs).sort((a, b) => a - b);
  return {
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    minMs: sorted[0] ?? 0,
    maxMs: sorted[sorted.length - 1] ?? 0,
    peakBytes: Math.max(...runs.map((run) => run.peakBytes)),
    runs: runs.length,
  };
}

export interface Contender {
  readonly name: string;
  /** Makes everything ready for a run and says what to run. */
  prepare(run: number): readonly string[];
}

/** One uncounted run of each, then `runs` counted ones in turn: A B A B …. */
export async function interleave(
  contenders: readonly Contender[],
  runs: number,
  onRun: (name: string, run: Run) => void,
): Promise<Map<string, Summary>> {
  const all = new Map<string, Run[]>(contenders.map((contender) => [contender.name, []]));
  for (let i = 0; i <= runs; i++) {
    for (const contender of contenders) {
      const run = await runOnce(contender.prepare(i));
      if (i === 0) continue;
      all.get(contender.name)?.push(run);
      onRun(contender.name, run);
    }
  }
  return new Map([...all].map(([name, list]) => [name, summarise(list)]));
}
