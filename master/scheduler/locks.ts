// Locks in the replicated state, for output folders, jobs and whoever asks. The token of a lock is the log
// index of its grant. Nothing is granted here to those who wait: that is done once, at the end of an entry.

import { type EngineError, toErrorRecord } from "../../proto/errors.ts";
import type { JobId } from "../../proto/ids.ts";
import {
  lockClaimKeptLoggedTicks,
  lockClaimsKeptMax,
  locksMax,
  lockWaitersMax,
} from "../../proto/limits/locks.ts";
import { loggedTickMs } from "../../proto/limits.ts";
import type { LockStep } from "../../proto/plan/stage.ts";
import type { Command, CommandReply } from "./commands.ts";
import { refusal, refuse } from "./refuse.ts";
import type { ActionState, ClusterState, EndedClaim, LockClaim, LockState } from "./state.ts";

type Acquire = Extract<Command, { kind: "acquireLock" }>;
type Renew = Extract<Command, { kind: "renewLock" }>;
type Release = Extract<Command, { kind: "releaseLock" }>;

/** Leases are counted in whole ticks, and the first may be cut short: one more, so that none ends early. */
export const leaseTicks = (ttlMs: number): number => Math.ceil(ttlMs / loggedTickMs) + 1;

const endText: Readonly<Record<EndedClaim["how"], string>> = {
  released: "it was released",
  expired: "its lease ran out",
  refused: "its wait was over before the lock was free",
};

const claimKey = (name: string, owner: string): string => `${owner}/${name}`;

/** Of a job's action; no id of a client contains a space. */
export const stepOwner = (jobId: JobId, actionIndex: number): string =>
  `job ${jobId}/a${actionIndex}`;

/** Gives the lock to the claim. */
export function grant(state: ClusterState, lock: LockState, claim: LockClaim): void {
  lock.claim = claim;
  lock.token = state.appliedIndex;
  const isEndless = claim.ttlLoggedTicks === 0 || state.plantedBug === "lostCreationOrphans";
  lock.expiresTick = isEndless ? 0 : state.tick + claim.ttlLoggedTicks;
}

/** The lock as it is held afterwards: by the claim if it was free or already its own, else by another. */
export function hold(state: ClusterState, name: string, claim: LockClaim): LockState {
  const held = state.locks.get(name);
  if (held !== undefined) return held;
  if (state.locks.size >= locksMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `${locksMax} locks are held; lock ${name} has to wait for one of them`,
      { lock: name },
    );
  }
  const lock: LockState = { claim: undefined, token: 0, expiresTick: 0, waiters: [] };
  grant(state, lock, claim);
  state.locks.set(name, lock);
  return lock;
}

/** What to tell a claim that will not get it. */
export function heldError(state: ClusterState, name: string, lock: LockState): EngineError {
  const { claim, token, expiresTick } = lock;
  const holder = claim?.holder ?? "the next in line";
  const remainingMs = (expiresTick - state.tick) * loggedTickMs;
  const rest = expiresTick === 0 ? {} : { remainingMs };
  const until =
    expiresTick === 0
      ? "until it is released or its job ends"
      : `for at most ${remainingMs} ms more unless it renews`;
  return refusal(
    "LOCK_HELD",
    `lock ${name} is held by ${holder} with token ${token} ${until}, and ${lock.waiters.length} ` +
      "wait for it; wait longer, or find out what holds it so long",
    { lock: name, holder, token, ...rest },
  );
}

function lostError(name: string, owner: string, token: number, why: string): EngineError {
  return refusal(
    "LOCK_LOST",
    `lock ${name} is not held by claim ${owner}${token === 0 ? "" : ` with token ${token}`}: ` +
      `${why}; stop what it guarded and acquire it anew`,
    { lock: name, ...(token === 0 ? {} : { token }) },
  );
}

/** Takes a place in line. Throws LIMIT_EXCEEDED. */
function queue(
  state: ClusterState,
  name: string,
  lock: LockState,
  claim: LockClaim,
  ticks: number,
) {
  let waiting = 0;
  for (const each of state.locks.values()) waiting += each.waiters.length;
  if (waiting >= lockWaitersMax) {
    refuse(
      "LIMIT_EXCEEDED",
      `${waiting} claims wait for locks, at most ${lockWaitersMax} may; try again for ${name} later`,
      { lock: name },
    );
  }
  lock.waiters.push({ ...claim, deadlineTick: state.tick + ticks });
}

/** Its late copies change nothing for a while. */
export function endClaim(
  state: ClusterState,
  name: string,
  { owner, step }: Pick<LockClaim, "owner" | "step">,
  how: EndedClaim["how"],
  token: number,
): void {
  // Steps of jobs are remembered by their job.
  if (step !== undefined) return;
  const key = claimKey(name, owner);
  if (state.endedClaims.has(key)) return;
  state.endedClaims.set(key, { how, token, tick: state.tick });
  if (state.endedClaims.size <= lockClaimsKeptMax) return;
  for (const oldest of state.endedClaims.keys()) {
    state.endedClaims.delete(oldest);
    return;
  }
}

export function forgetClaims(state: ClusterState): void {
  for (const [key, { tick }] of state.endedClaims) {
    if (state.tick - tick < lockClaimKeptLoggedTicks) return;
    state.endedClaims.delete(key);
  }
}

/**
 * One claim has one outcome, however often it is asked for: granted, its place in line, or over. Asked by
 * its holder it also prolongs, so that whoever missed a reply starts with a whole lease.
 */
export function acquireLock(state: ClusterState, acquire: Acquire): CommandReply {
  const { name, owner, holder, ttlLoggedTicks, waitLoggedTicks } = acquire;
  const known = state.locks.get(name);
  const isKnownAgain = state.plantedBug !== "lostCreationOrphans";
  if (known?.claim?.owner === owner && isKnownAgain) {
    prolong(state, known, ttlLoggedTicks);
    return { kind: "locked", token: known.token };
  }
  if (known?.waiters.some((waiter) => waiter.owner === owner)) return { kind: "lockWaits" };
  const ended = state.endedClaims.get(claimKey(name, owner));
  if (ended !== undefined) throw endedError(state, name, owner, ended);
  const claim = { owner, holder, ttlLoggedTicks };
  const lock = hold(state, name, claim);
  if (lock.claim === claim) return { kind: "locked", token: lock.token };
  if (waitLoggedTicks > 0) {
    queue(state, name, lock, claim, waitLoggedTicks);
    return { kind: "lockWaits" };
  }
  // Not thrown: that the claim is over is a change.
  endClaim(state, name, claim, "refused", 0);
  return { kind: "error", error: toErrorRecord(heldError(state, name, lock)) };
}

function endedError(state: ClusterState, name: string, owner: string, ended: EndedClaim) {
  const { how, token } = ended;
  const lock = state.locks.get(name);
  if (how !== "refused") return lostError(name, owner, token, endText[how]);
  if (lock !== undefined) return heldError(state, name, lock);
  return refusal(
    "LOCK_HELD",
    `lock ${name} was held when claim ${owner} ended; it is free now: claim it anew`,
    { lock: name },
  );
}

function prolong(state: ClusterState, lock: LockState, ttlLoggedTicks: number): void {
  if (ttlLoggedTicks === 0) return;
  lock.expiresTick = Math.max(lock.expiresTick, state.tick + ttlLoggedTicks);
}

/** Only the claim that holds it, with its token, prolongs; what expired is never revived. */
export function renewLock(state: ClusterState, renew: Renew): CommandReply {
  const { name, owner, token, ttlLoggedTicks } = renew;
  const held = state.locks.get(name);
  if (state.plantedBug === "renewsAfterRevocation" && held?.claim?.owner !== owner) {
    if (held === undefined) {
      hold(state, name, { owner, holder: owner, ttlLoggedTicks }).token = token;
    }
    return { kind: "locked", token };
  }
  const isFenced = state.plantedBug !== "fencingOff";
  if (held?.claim?.owner !== owner || (isFenced && held.token !== token)) {
    const ended = state.endedClaims.get(claimKey(name, owner));
    const now = held?.claim === undefined ? "it is free" : `${held.claim.holder} holds it`;
    throw lostError(name, owner, token, ended === undefined ? now : endText[ended.how]);
  }
  prolong(state, held, ttlLoggedTicks);
  return { kind: "locked", token };
}

/** By anyone but the claim that holds it with this token: nothing happens to the lock. */
export function releaseLock(state: ClusterState, release: Release): CommandReply {
  const { name, owner, token } = release;
  const lock = state.locks.get(name);
  const { claim } = lock ?? {};
  const isFenced = state.plantedBug !== "fencingOff";
  const isHolder = claim !== undefined && (owner === "" || claim.owner === owner);
  // A claim that never heard of its grant does not know its token, and has one grant only.
  const isMeant = lock?.token === token || (token === 0 && owner !== "") || !isFenced;
  if (lock !== undefined && isHolder && isMeant) {
    endClaim(state, name, claim, "released", lock.token);
    free(state, name, lock);
    return { kind: "lockReleased", held: true };
  }
  // Of a claim that still holds it, but with another token, nothing is over.
  if (owner === "" || claim?.owner === owner) return { kind: "lockReleased", held: false };
  const ended = state.endedClaims.get(claimKey(name, owner));
  withdraw(state, name, owner);
  // Also where it never got here: its request may still be under way.
  endClaim(state, name, { owner }, "released", 0);
  return { kind: "lockReleased", held: ended?.how === "released" && ended.token === token };
}

/** Gives up its place in line. */
function withdraw(state: ClusterState, name: string, owner: string): void {
  const waiters = state.locks.get(name)?.waiters ?? [];
  const place = waiters.findIndex((waiter) => waiter.owner === owner);
  if (place >= 0) waiters.splice(place, 1);
}

/** The next in line gets it at the end of this entry. */
export function free(state: ClusterState, name: string, lock: LockState): void {
  lock.claim = undefined;
  lock.expiresTick = 0;
  if (lock.waiters.length === 0) state.locks.delete(name);
  else state.freedLocks.add(name);
}

export function releaseOwned(state: ClusterState, name: string, owner: string): void {
  const lock = state.locks.get(name);
  if (lock?.claim?.owner === owner) free(state, name, lock);
}

/** Ends whatever claim the step of a job has; nothing for other actions. */
export function releaseStep(state: ClusterState, jobId: JobId, action: ActionState): void {
  const { lock, actionIndex } = action;
  if (lock?.kind !== "lock") return;
  withdraw(state, lock.name, stepOwner(jobId, actionIndex));
  releaseOwned(state, lock.name, stepOwner(jobId, actionIndex));
}

/** The token; undefined while it waits; or why not. Held until released or the job ends: the job is the lease. */
export function claimForJob(
  state: ClusterState,
  jobId: JobId,
  actionIndex: number,
  { name, waitMs }: Extract<LockStep, { kind: "lock" }>,
): number | undefined | EngineError {
  const owner = stepOwner(jobId, actionIndex);
  const step = { jobId, actionIndex };
  const claim: LockClaim = { owner, holder: `job ${jobId}`, ttlLoggedTicks: 0, step };
  const lock = hold(state, name, claim);
  if (lock.claim === claim) return lock.token;
  const isOwn = [lock.claim, ...lock.waiters].some((other) => other?.step?.jobId === jobId);
  const waitTicks = Math.ceil(waitMs / loggedTickMs);
  if (isOwn) {
    return refusal(
      "LOCK_HELD",
      `job ${jobId} holds lock ${name} already, or waits for it, and would wait for itself; take it ` +
        "once, around all that it guards",
      { lock: name, holder: `job ${jobId}`, token: lock.token },
    );
  }
  if (waitTicks === 0) return heldError(state, name, lock);
  queue(state, name, lock, claim, waitTicks);
  return undefined;
}

export function canExpire(state: ClusterState): boolean {
  for (const lock of state.locks.values()) {
    if (lock.expiresTick !== 0 || lock.waiters.length > 0) return true;
  }
  return false;
}

/** A mistake that tests plant: what etcd did when a leader began. */
export function prolongLocks(state: ClusterState): void {
  for (const lock of state.locks.values()) {
    if (lock.claim !== undefined) prolong(state, lock, lock.claim.ttlLoggedTicks);
  }
}
