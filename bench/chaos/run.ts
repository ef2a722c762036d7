// Jobs and faults at the same time, until there were enough of both; then the account.

import { raftElectionTicksMax, raftTickMs } from "../../proto/limits/raft.ts";
import { randomStream } from "../../proto/ports/random.ts";
import type { Minio } from "../minio/server.ts";
import { type FaultName, faultNames, strike } from "./faults.ts";
import { type EndedJob, runJob } from "./jobs.ts";
import { startWorld, type World } from "./world.ts";

export interface ChaosOptions {
  readonly faults: number;
  readonly records: number;
  readonly recordsPerJob: number;
  readonly seed: number;
  /** Which faults are drawn; all by default. */
  readonly only?: readonly FaultName[];
  readonly folder: string;
  readonly minio: Minio;
  readonly note: (text: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly seconds: number;
  readonly faults: ReadonlyMap<FaultName, number>;
  readonly failoversMs: readonly number[];
  readonly jobs: readonly EndedJob[];
  /** What does not hold of what has to. */
  readonly violations: readonly string[];
}

/** A failover may take this long: three of the longest election timeouts. */
export const failoverMsMax = 3 * raftElectionTicksMax * raftTickMs;

const jobsAtOnce = 2;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A cluster that does not recover from a fault, or a job that never ends, is a violation, too. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { minio, folder, note } = options;
  await minio.makeBucket("results");
  const world = await startWorld(folder, minio);
  const startedMs = performance.now();
  const run = { faults: new Map<FaultName, number>(), failoversMs: [], jobs: [], struck: 0 };
  try {
    const state: Running = { ...run, options, world, isOver: false, submitted: 0 };
    const works = Array.from({ length: jobsAtOnce }, () => work(state));
    const parts = [faultLoop(state), ...works].map((each) => endAll(state, each));
    const ends = await Promise.allSettled(parts);
    const { faults, failoversMs, jobs } = state;
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    const broken = ends.flatMap((end) => (end.status === "rejected" ? [String(end.reason)] : []));
    const violations = [...broken, ...violationsOf(state)];
    return { seed: options.seed, seconds, faults, failoversMs, jobs, violations };
  } finally {
    note("stopping");
    await world.stop();
  }
}

interface Running {
  readonly options: ChaosOptions;
  readonly world: World;
  readonly faults: Map<FaultName, number>;
  readonly failoversMs: number[];
  readonly jobs: EndedJob[];
  struck: number;
  submitted: number;
  isOver: boolean;
}

/** One part that fails ends the others. */
async function endAll(state: Running, part: Promise<void>): Promise<void> {
  try {
    await part;
  } catch (failure) {
    state.isOver = true;
    throw failure;
  }
}

/** Each kind as often as the others, in an order drawn by the seed. */
async function faultLoop(state: Running): Promise<void> {
  const { options, world, faults, failoversMs } = state;
  const random = randomStream(options.seed).child("faults");
  const names = options.only ?? faultNames;
  let left: FaultName[] = [];
  while (!state.isOver && state.struck < options.faults) {
    if (left.length === 0) left = [...names];
    const [name] = left.splice(random.below(left.length), 1);
    await pause(random.below(1500));
    const { failoverMs } = await strike(world, name!, random);
    state.struck++;
    faults.set(name!, (faults.get(name!) ?? 0) + 1);
    if (failoverMs !== undefined) failoversMs.push(failoverMs);
    const took = failoverMs === undefined ? "" : `, another led after ${Math.round(failoverMs)} ms`;
    options.note(`fault ${state.struck}: ${name}${took}`);
  }
}

/** Until there were enough records, and for as long as faults go on. */
async function work(state: Running): Promise<void> {
  const { options, world, jobs } = state;
  const jobsMin = Math.ceil(options.records / options.recordsPerJob);
  while (!state.isOver && (state.submitted < jobsMin || state.struck < options.faults)) {
    const job = await runJob(world, `chaos-${++state.submitted}`, options.recordsPerJob);
    jobs.push(job);
    const { lost, duplicated, altered } = job.account;
    options.note(
      `job ${jobs.length}: ${job.state}, ${job.records} records, ${lost} lost, ${duplicated} ` +
        `duplicated, ${altered} altered ${job.failure}`,
    );
  }
}

function violationsOf({ jobs, failoversMs }: Running): string[] {
  const found: string[] = [];
  for (const { jobId, state, account, failure } of jobs) {
    if (state !== "succeeded") found.push(`job ${jobId} is ${state}: ${failure}`);
    else if (account.lost + account.duplicated + account.altered > 0) {
      found.push(`job ${jobId}: ${JSON.stringify(account)}`);
    }
  }
  const p99 = percentile(failoversMs, 0.99);
  if (p99 > failoverMsMax) found.push(`failover p99 is ${Math.round(p99)} ms of ${failoverMsMax}`);
  return found;
}

/** Nearest rank; 0 for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
