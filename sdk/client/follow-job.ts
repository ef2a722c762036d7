// Watches a job that somebody else drives, until it ends.

import { assert, EngineError, fromErrorRecord, unreachable } from "../../proto/errors.ts";
import { longPollMs, rpcTimeoutMs } from "../../proto/limits/rpc.ts";
import { isScratchFolder } from "../../proto/plan/scratch-folder.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { ActionView, JobView } from "../../proto/wire/views.ts";
import type { FinishedJob, OnProgress } from "./world.ts";

function parseView(json: string): JobView {
  return JSON.parse(json) as JobView;
}

/** Rejects with JOB_NOT_FOUND. */
export async function jobView(leader: LeaderCalls, jobId: string): Promise<JobView> {
  const request = { jobId, knownRevision: 0, waitMs: 0 };
  return parseView((await leader.call(clientApi.getJob, request)).jobJson);
}

/** Newest first. */
export async function jobViews(leader: LeaderCalls, limit: number): Promise<readonly JobView[]> {
  const { jobJson } = await leader.call(clientApi.listJobs, { limit });
  return jobJson.map(parseView);
}

/** Rows and bytes are told only to those who wait for one action. */
function tell(action: ActionView | undefined, onProgress: OnProgress): void {
  if (action === undefined) return;
  const { actionIndex, label } = action;
  const stages = action.stages.map(({ reruns: _, ...stage }) => ({
    ...stage,
    rows: 0,
    bytes: 0,
    inputBytes: 0,
  }));
  onProgress({ actionIndex, label, stages });
}

function finished(view: JobView): FinishedJob {
  assert(view.resultJson !== undefined, `job ${view.jobId} succeeded without a result`);
  const outputs = view.actions.flatMap(({ output }) =>
    output === undefined || isScratchFolder(output.folderUri) ? [] : [output],
  );
  return { jobId: view.jobId, resultJson: view.resultJson, outputs };
}

function failureOf(view: JobView): EngineError {
  if (view.error !== undefined) return fromErrorRecord(view.error);
  const code = view.state === "cancelled" ? "JOB_CANCELLED" : "JOB_FAILED";
  return new EngineError(code, `job ${view.jobId} has ${view.state}, and no reason was recorded`);
}

/**
 * Resolves when the job has succeeded; rejects with its own error when it failed or was cancelled.
 * There is no bound on how long a job may take.
 */
export async function followJob(
  leader: LeaderCalls,
  jobId: string,
  onProgress: OnProgress = () => {},
): Promise<FinishedJob> {
  let knownRevision = 0;
  for (;;) {
    const request = { jobId, knownRevision, waitMs: longPollMs };
    const reply = await leader.call(clientApi.getJob, request, {
      timeoutMs: longPollMs + rpcTimeoutMs,
    });
    const view = parseView(reply.jobJson);
    switch (view.state) {
      case "running":
        tell(view.actions.at(-1), onProgress);
        knownRevision = view.revision;
        break;
      case "succeeded":
        return finished(view);
      case "failed":
      case "cancelled":
        throw failureOf(view);
      default:
        return unreachable(view.state);
    }
  }
}
