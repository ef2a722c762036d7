// What the leader should be doing now, read off the state alone: a new leader goes on where the old
// one was.

import { assert } from "../../proto/errors.ts";
import type { JobId } from "../../proto/ids.ts";
import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import type { OutputFormat } from "../../proto/plan/logical.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import { summarize } from "./commits.ts";
import { needJob } from "./find.ts";
import type { ClusterState } from "./state.ts";

/** Each is idempotent, and equal keys mean the same work. */
export type Intent =
  | {
      readonly kind: "commit";
      readonly key: string;
      readonly jobId: JobId;
      readonly actionIndex: number;
      readonly folderUri: string;
      readonly format: OutputFormat;
      /** In task order; tasks without rows have none. */
      readonly uploads: readonly TaskUpload[];
      readonly output: CommittedOutput;
    }
  | {
      readonly kind: "sweep";
      readonly key: string;
      readonly jobId: JobId;
      readonly actionIndex: number;
      readonly folderUri: string;
      readonly tokenEnd: number;
    };

/** Commits by order of submission, then sweeps by order of their actions' ends. */
export function intents(state: ClusterState): readonly Intent[] {
  const all: Intent[] = [];
  for (const jobId of state.live) {
    const job = needJob(state, jobId);
    for (const actionIndex of job.open) {
      const action = job.actions.get(actionIndex);
      if (action?.phase.kind !== "committing") continue;
      const { folderUri, format } = action;
      assert(format !== "", `${jobId}/a${actionIndex} commits an output without a format`);
      const { uploads } = action.phase;
      const key = `commit ${jobId}/a${actionIndex}`;
      const output = summarize(folderUri, uploads);
      all.push({ kind: "commit", key, jobId, actionIndex, folderUri, format, uploads, output });
    }
  }
  for (const sweep of state.sweeps.values()) {
    const { jobId, actionIndex, folderUri, tokenEnd, dueTick, again } = sweep;
    if (dueTick > state.tick) continue;
    all.push({
      kind: "sweep",
      key: `sweep ${jobId}/a${actionIndex}${again ? " again" : ""}`,
      jobId,
      actionIndex,
      folderUri,
      tokenEnd,
    });
  }
  return all;
}
