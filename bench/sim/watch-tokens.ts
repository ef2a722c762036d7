// Tokens of tasks in the order of the log, where a reply that comes late cannot mislead: an attempt is accepted
// only while it is the newest one.

import type { ActionState, ClusterState } from "../../master/scheduler/state.ts";
import { assert } from "../../proto/errors.ts";
import { type JobId, type TaskRef, taskName } from "../../proto/ids.ts";

export interface TokenWatch {
  /** Told of the state after each entry, once. */
  applied(state: ClusterState): void;
  /** Whether the log accepted this attempt, at whatever entry. */
  wasAccepted(task: string, token: number): boolean;
}

/** Of the tasks of one stage, by task index. */
interface StageTokens {
  readonly newest: number[];
  /** The newest one that was accepted. */
  readonly accepted: number[];
}

export function createTokenWatch(): TokenWatch {
  /** By job, action and stage: names are only made where something is new, since this runs at each entry. */
  const known = new Map<JobId, StageTokens[][]>();
  /** Each `task#token`. */
  const accepted = new Set<string>();

  function tokensOf({ jobId, actionIndex, stageId }: Omit<TaskRef, "taskIndex">): StageTokens {
    const actions = known.get(jobId) ?? [];
    known.set(jobId, actions);
    const stages = actions[actionIndex] ?? [];
    actions[actionIndex] = stages;
    const tokens = stages[stageId] ?? { newest: [], accepted: [] };
    stages[stageId] = tokens;
    return tokens;
  }

  function note(tokens: StageTokens, key: TaskRef, token: number, isDone: boolean): void {
    const { taskIndex } = key;
    const before = tokens.newest[taskIndex] ?? 0;
    if (token < before) {
      const what = isDone ? "was accepted" : "was granted";
      assert(false, `${taskName(key)}: token ${token} ${what}, ${before} is the newest`);
    }
    tokens.newest[taskIndex] = token;
    if (!isDone || tokens.accepted[taskIndex] === token) return;
    tokens.accepted[taskIndex] = token;
    accepted.add(`${taskName(key)}#${token}`);
  }

  function look(jobId: JobId, { actionIndex, phase }: ActionState): void {
    if (phase.kind !== "running") {
      const stageId = phase.stages.length - 1;
      const tokens = tokensOf({ jobId, actionIndex, stageId });
      for (const [taskIndex, token] of phase.tokens.entries()) {
        // 0: not accepted before the action ended.
        if (token === 0) continue;
        note(tokens, { jobId, actionIndex, stageId, taskIndex }, token, true);
      }
      return;
    }
    for (const [stageId, { tasks }] of phase.stages.entries()) {
      const tokens = tokensOf({ jobId, actionIndex, stageId });
      for (const [taskIndex, task] of tasks.entries()) {
        if (task.kind !== "leased" && task.kind !== "done") continue;
        const key = { jobId, actionIndex, stageId, taskIndex };
        note(tokens, key, task.token, task.kind === "done");
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
