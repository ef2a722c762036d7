// Named locks in the replicated log; the token of a lock is the log index of its acquisition.

import { locksMax } from "../../proto/limits.ts";
import type { CommandReply } from "./commands.ts";
import { refuse } from "./refuse.ts";
import type { ClusterState, LockState } from "./state.ts";

/**
 * The lock as it is held afterwards: by `owner` if it was free or already theirs, else by another.
 */
export function acquire(
  state: ClusterState,
  name: string,
  owner: string,
  ttlLoggedTicks: number,
): LockState {
  const held = state.locks.get(name);
  if (held !== undefined) return held;
  if (state.locks.size >= locksMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `${locksMax} locks are held; lock ${name} has to wait for one of them`,
    );
  }
  const expiresTick = ttlLoggedTicks === 0 ? 0 : state.tick + ttlLoggedTicks;
  const lock: LockState = { owner, token: state.appliedIndex, expiresTick };
  state.locks.set(name, lock);
  return lock;
}

/** Idempotent by owner: the same owner gets the same token while it holds the lock. */
export function acquireLock(
  state: ClusterState,
  name: string,
  owner: string,
  ttlLoggedTicks: number,
): CommandReply {
  const held = acquire(state, name, owner, ttlLoggedTicks);
  if (held.owner !== owner) {
    refuse("LEASE_LOST", `lock ${name} is held by ${held.owner}; wait until it is released`);
  }
  return { kind: "locked", token: held.token };
}

/** Only the owner with the current token prolongs; a lock that expired is never revived. */
export function renewLock(
  state: ClusterState,
  name: string,
  owner: string,
  token: number,
  ttlLoggedTicks: number,
): CommandReply {
  const held = state.locks.get(name);
  if (held?.owner !== owner || held.token !== token) {
    refuse("LEASE_LOST", `lock ${name} is no longer held by ${owner} with token ${token}`);
  }
  if (held.expiresTick !== 0) {
    held.expiresTick = Math.max(held.expiresTick, state.tick + ttlLoggedTicks);
  }
  return { kind: "locked", token };
}

/** By anyone but the owner with the current token: nothing happens. */
export function releaseLock(
  state: ClusterState,
  name: string,
  owner: string,
  token: number,
): CommandReply {
  const held = state.locks.get(name);
  if (held?.owner === owner && held.token === token) state.locks.delete(name);
  return { kind: "ok" };
}

export function releaseOwned(state: ClusterState, name: string, owner: string): void {
  if (state.locks.get(name)?.owner === owner) state.locks.delete(name);
}

export function expireLocks(state: ClusterState): void {
  for (const [name, lock] of state.locks) {
    if (lock.expiresTick !== 0 && lock.expiresTick <= state.tick) state.locks.delete(name);
  }
}
