// Tokens of tasks in the order of the log, where a reply that comes late cannot mislead: an attempt is accepted
// only while it is the newest one.

import type { ActionState, ClusterState } from "../../master/scheduler/state.ts";
import { assert } from "../../proto/errors.ts";
import { type JobId, taskName } from "../../proto/ids.ts";

export interface TokenWatch {
  /** Told of the state after each entry, once. */
  applied(state: ClusterState): void;
  /** Whether the log accepted this attempt, at whatever entry. */
  wasAccepted(task: string, token: number): boolean;
}

export function createTokenWatch(): TokenWatch {
  /** The newest token by task. */
  const newest = new Map<string, number>();
  /** Each `task#token`. */
  const accepted = new Set<string>();

  function note(task: string, token: number, isDone: boolean): void {
    const before = newest.get(task) ?? 0;
    const what = isDone ? "was accepted" : "was granted";
    assert(token >= before, `${task}: token ${token} ${what}, ${before} is the newest`);
    newest.set(task, token);
    if (isDone) accepted.add(`${task}#${token}`);
  }

  function look(jobId: JobId, { actionIndex, phase }: ActionState): void {
    if (phase.kind !== "running") {
      const stageId = phase.stages.length - 1;
      for (const [taskIndex, token] of phase.tokens.entries()) {
        // 0: not accepted before the action ended.
        if (token === 0) continue;
        note(taskName({ jobId, actionIndex, stageId, taskIndex }), token, true);
      }
      return;
    }
    for (const [stageId, { tasks }] of phase.stages.entries()) {
      for (const [taskIndex, task] of tasks.entries()) {
        if (task.kind !== "leased" && task.kind !== "done") continue;
        const name = taskName({ jobId, actionIndex, stageId, taskIndex });
        note(name, task.token, task.kind === "done");
      }
    }
  }

  return {
    applied: ({ jobs, live }) => {
      for (const jobId of live) {
        for (const action of jobs.get(jobId)?.actions.values() ?? []) look(jobId, action);
      }
    },
    wasAccepted: (task, token) => accepted.has(`${task}#${token}`),
  };
}
