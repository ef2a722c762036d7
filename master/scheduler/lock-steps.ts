// Who waits for a lock: those whose time is over are told, and a lock that was freed goes to the next in line.

import { toErrorRecord } from "../../proto/errors.ts";
import { completeLockStep, failAction } from "./actions.ts";
import { findRunning } from "./find.ts";
import { endClaim, forgetClaims, free, grant, heldError } from "./locks.ts";
import type { ClusterState, LockState, LockWaiter } from "./state.ts";

export function expireLocks(state: ClusterState): void {
  forgetClaims(state);
  for (const [name, lock] of state.locks) {
    if (lock.waiters.length > 0) expireWaiters(state, name, lock);
    if (lock.expiresTick === 0 || lock.expiresTick > state.tick) continue;
    if (lock.claim !== undefined) endClaim(state, name, lock.claim, "expired", lock.token);
    free(state, name, lock);
  }
}

function expireWaiters(state: ClusterState, name: string, lock: LockState): void {
  const over = lock.waiters.filter((waiter) => waiter.deadlineTick <= state.tick);
  if (over.length === 0) return;
  const kept = lock.waiters.filter((waiter) => waiter.deadlineTick > state.tick);
  lock.waiters.splice(0, lock.waiters.length, ...kept);
  for (const waiter of over) {
    endClaim(state, name, waiter, "refused", 0);
    const running = runningStep(state, waiter);
    if (running !== undefined) failAction(running, toErrorRecord(heldError(state, name, lock)));
  }
}

function runningStep(state: ClusterState, { step }: LockWaiter) {
  return step === undefined ? undefined : findRunning(state, step.jobId, step.actionIndex);
}

/**
 * Once per entry and lock, so that no two grants of a lock have one token. First come, first served.
 */
export function grantFreedLocks(state: ClusterState): void {
  for (const name of state.freedLocks) {
    state.freedLocks.delete(name);
    const lock = state.locks.get(name);
    if (lock === undefined || lock.claim !== undefined) continue;
    const next = lock.waiters.shift();
    if (next === undefined) {
      state.locks.delete(name);
      continue;
    }
    const { deadlineTick: _, ...claim } = next;
    grant(state, lock, claim);
    const running = runningStep(state, next);
    if (running !== undefined) completeLockStep(running, lock.token);
  }
}
