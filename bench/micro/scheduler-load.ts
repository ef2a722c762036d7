// The scheduler alone under a load of no-op tasks: as commands of the log, applied one after the other.

import { decodeCommand, encodeCommand } from "../../master/api/command-codec.ts";
import { apply } from "../../master/scheduler/apply.ts";
import { assign } from "../../master/scheduler/assign.ts";
import type { Command, CommandReply } from "../../master/scheduler/commands.ts";
import { type ClusterState, emptyState } from "../../master/scheduler/state.ts";
import { asIncarnation, asJobId, asSha256, asWorkerId, type TaskRef } from "../../proto/ids.ts";
import { tasksPerGrantMax } from "../../proto/limits.ts";
import { noopGraph } from "./api-calls.ts";

const jobId = asJobId("bench-0123456789ab");
const workerId = asWorkerId("worker-1");
const incarnation = asIncarnation("0".repeat(32));
const digest = "0123456789abcdef";
const nobody: ReadonlySet<string> = new Set();

export interface SchedulerLoad {
  readonly state: ClusterState;
  /** Commands as they stand in the log, since recording began. */
  readonly recorded: Uint8Array[] | undefined;
  record(): void;
  /** Leases up to this many tasks that are pending. */
  grant(tasks: number): readonly LeasedTasks[];
  /** Reports them as done. */
  finish(leased: readonly LeasedTasks[]): void;
}

/** Neighbours of one stage, named by the first: a benchmark must not weigh more than what it measures. */
export interface LeasedTasks {
  readonly token: number;
  readonly first: TaskRef;
  readonly count: number;
}

/** One job with one action of this many pending tasks, and one worker without bounds. */
export function loadScheduler(tasks: number): SchedulerLoad {
  const state = emptyState();
  let recorded: Uint8Array[] | undefined;

  function applyBytes(bytes: Uint8Array): CommandReply {
    recorded?.push(bytes);
    const reply = apply(state, state.appliedIndex + 1, decodeCommand(bytes));
    if (reply.kind === "error") throw new Error(reply.error.message);
    return reply;
  }

  const run = (command: Command): CommandReply => applyBytes(encodeCommand(command));

  function grantOnce(wanted: number): LeasedTasks | undefined {
    const chosen = assign(state, workerId, { slots: wanted, ahead: 0 }, nobody);
    if (chosen.length === 0) return undefined;
    const reply = run({ kind: "grantTasks", workerId, incarnation, tasks: chosen });
    if (reply.kind !== "granted" || reply.tasks.length !== chosen.length) return undefined;
    return { token: reply.token, first: chosen[0]!, count: chosen.length };
  }

  begin(run, tasks);
  return {
    state,
    get recorded() {
      return recorded;
    },
    record: () => {
      recorded = [];
    },
    grant: (wanted) => {
      const all: LeasedTasks[] = [];
      for (let left = wanted; left > 0; ) {
        const granted = grantOnce(Math.min(left, tasksPerGrantMax));
        if (granted === undefined) break;
        all.push(granted);
        left -= granted.count;
      }
      return all;
    },
    finish: (leased) => {
      const done = { kind: "done", rows: 1, bytes: 100, bytesOut: 1, digest } as const;
      const outcome = { ...done, resultJson: "1" };
      // What a report is made of is gone before it is applied, as in a master.
      const encode = ({ token, first, count }: LeasedTasks): Uint8Array => {
        const reports = Array.from({ length: count }, (_, i) => {
          return { ...first, taskIndex: first.taskIndex + i, token, outcome };
        });
        return encodeCommand({ kind: "report", workerId, reports });
      };
      for (const each of leased) applyBytes(encode(each));
    },
  };
}

function begin(run: (command: Command) => CommandReply, tasks: number): void {
  const sha256 = asSha256("0".repeat(64));
  run({ kind: "putBundle", sha256, codeBase64: "" });
  const job = { jobId, name: "bench", paramsJson: "{}", bundleSha256: sha256, seed: 1 };
  const rest = { submittedWallMs: 0, workingFolder: "/", detached: false };
  const submitted = run({ kind: "submitJob", ...job, ...rest });
  const driverToken = submitted.kind === "submitted" ? submitted.driverToken : 0;
  const address = { dataAddress: "127.0.0.1:1", slots: 1_000_000, weight: 1, replaces: undefined };
  run({ kind: "registerWorker", workerId, incarnation, ...address });
  // Many stages, since one has its bound; none reads another, so that all can run at once.
  run({ kind: "startAction", jobId, driverToken, graph: noopGraph(0, tasks) });
}
