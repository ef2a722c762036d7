// One logged tick: the only thing that makes time pass, and the only thing that lets anything
// expire.

import { expireCleanups } from "./actions.ts";
import { expireBundles } from "./bundles.ts";
import type { CommandReply } from "./commands.ts";
import { expireDrivers } from "./drivers.ts";
import { runningActions } from "./find.ts";
import { endUndrivableJobs } from "./jobs.ts";
import { expireTasks } from "./leases.ts";
import { expireLocks } from "./lock-steps.ts";
import { canExpire, prolongLocks } from "./locks.ts";
import { refuse } from "./refuse.ts";
import { releaseDelayed } from "./stages.ts";
import type { ClusterState } from "./state.ts";
import { expireWorkers } from "./workers.ts";

export function tick(state: ClusterState, term: number): CommandReply {
  if (term < state.tickTerm && state.plantedBug !== "oldLeaderRevokes") {
    refuse(
      "LEASE_LOST",
      `a tick of term ${term} came after one of term ${state.tickTerm}: only the present leader ` +
        "lets time pass",
    );
  }
  if (term !== state.tickTerm && state.plantedBug === "electionsProlong") prolongLocks(state);
  state.tickTerm = term;
  state.tick++;
  expireWorkers(state);
  expireTasks(state);
  expireCleanups(state);
  expireDrivers(state);
  endUndrivableJobs(state);
  expireLocks(state);
  expireBundles(state);
  for (const { job, action, stages } of runningActions(state)) {
    for (const stage of stages) releaseDelayed(stage, state.tick);
    if (!action.touched) continue;
    action.touched = false;
    action.revision = state.appliedIndex;
    job.revision = state.appliedIndex;
  }
  return { kind: "ok" };
}

/** Whether anything can expire, so that the leader has to log ticks. */
export function needsTicks(state: ClusterState): boolean {
  return (
    state.workers.size + state.live.size + state.sweeps.size + state.bundles.size > 0 ||
    state.endedClaims.size > 0 ||
    canExpire(state)
  );
}
