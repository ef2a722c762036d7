// Obligations to remove what ended actions left in the store.

import type { JobId } from "../../proto/ids.ts";
import {
  sweepAfterLoggedTicks,
  sweepAgainLoggedTicks,
  sweepsPendingMax,
} from "../../proto/limits.ts";
import type { ClusterState } from "./state.ts";

const keyOf = (jobId: JobId, actionIndex: number): string => `${jobId}/a${actionIndex}`;

/** Due only once no attempt that lost its lease can still write. */
export function addSweep(
  state: ClusterState,
  jobId: JobId,
  actionIndex: number,
  folderUri: string,
): void {
  const dueTick = state.tick + sweepAfterLoggedTicks;
  const tokenEnd = state.appliedIndex;
  const sweep = { jobId, actionIndex, folderUri, dueTick, tokenEnd, again: false };
  state.sweeps.set(keyOf(jobId, actionIndex), sweep);
}

/**
 * Uploads are tagged by job, so a job must not write where its own leftovers are about to be
 * removed.
 */
export function hasSweep(state: ClusterState, jobId: JobId, folderUri: string): boolean {
  for (const sweep of state.sweeps.values()) {
    if (!sweep.again && sweep.jobId === jobId && sweep.folderUri === folderUri) return true;
  }
  return false;
}

export function endSweep(state: ClusterState, jobId: JobId, actionIndex: number): void {
  const sweep = state.sweeps.get(keyOf(jobId, actionIndex));
  // Early news is of an older sweep; the obligation stands.
  if (sweep === undefined || sweep.dueTick > state.tick) return;
  const key = keyOf(jobId, actionIndex);
  // A crowd of them would stand in the way of new outputs, which matter more.
  const hasRoom = state.sweeps.size <= sweepsPendingMax / 2;
  if (sweep.again || !hasRoom) {
    state.sweeps.delete(key);
    return;
  }
  const dueTick = state.tick + sweepAgainLoggedTicks;
  state.sweeps.set(key, { ...sweep, dueTick, again: true });
}
