// What the leader did in the store: outputs made visible, leftovers removed.

import { type ErrorRecord, errorTable } from "../../proto/errors.ts";
import type { JobId } from "../../proto/ids.ts";
import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import { endCommit } from "./actions.ts";
import type { CommandReply } from "./commands.ts";
import { countersField } from "./counters.ts";
import { needJob } from "./find.ts";
import { refuse } from "./refuse.ts";
import type { ActionState, ClusterState } from "./state.ts";
import { endSweep } from "./sweeps.ts";

/** What a manifest and an outcome say of the list. */
export function summarize(folderUri: string, uploads: readonly TaskUpload[]): CommittedOutput {
  let rows = 0;
  let bytes = 0;
  for (const upload of uploads) {
    rows += upload.rows;
    bytes += upload.sizeBytes;
  }
  return { folderUri, files: uploads.length, rows, bytes };
}

function needAction(state: ClusterState, jobId: JobId, actionIndex: number): ActionState {
  const action = needJob(state, jobId).actions.get(actionIndex);
  if (action === undefined) {
    refuse("JOB_NOT_FOUND", `job ${jobId} has no action ${actionIndex}`);
  }
  return action;
}

/** Any leader may say so, any number of times. */
export function actionCommitted(
  state: ClusterState,
  jobId: JobId,
  actionIndex: number,
): CommandReply {
  const action = needAction(state, jobId, actionIndex);
  if (action.phase.kind === "ended" && action.phase.outcome.kind === "committed") {
    return { kind: "ok" };
  }
  if (action.phase.kind !== "committing") {
    refuse(
      "INTERNAL",
      `action ${actionIndex} of job ${jobId} is ${action.phase.kind}, not committing`,
    );
  }
  const output = summarize(action.folderUri, action.phase.uploads);
  endCommit(state, needJob(state, jobId), action, {
    kind: "committed",
    output,
    ...countersField(action.phase.counters),
  });
  return { kind: "ok" };
}

/**
 * Only what no later try can mend: another's manifest stands there, or the store lost an upload.
 */
const permanentCodes = ["OUTPUT_EXISTS", "STORE_UPLOAD_LOST", "STORE_DENIED"] as const;

export function actionCommitFailed(
  state: ClusterState,
  jobId: JobId,
  actionIndex: number,
  error: ErrorRecord,
): CommandReply {
  const action = needAction(state, jobId, actionIndex);
  if (!permanentCodes.some((code) => code === error.code)) {
    refuse(
      "INTERNAL",
      `${error.code} (retriable: ${errorTable[error.code].retriable}) is no end of a commit; ` +
        `action ${actionIndex} of job ${jobId} has to be tried again`,
    );
  }
  if (action.phase.kind === "ended") return { kind: "ok" };
  if (action.phase.kind !== "committing") {
    refuse(
      "INTERNAL",
      `action ${actionIndex} of job ${jobId} is ${action.phase.kind}, not committing`,
    );
  }
  endCommit(state, needJob(state, jobId), action, { kind: "failed", error });
  return { kind: "ok" };
}

export function actionSwept(state: ClusterState, jobId: JobId, actionIndex: number): CommandReply {
  endSweep(state, jobId, actionIndex);
  return { kind: "ok" };
}
