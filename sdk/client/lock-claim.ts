// The calls about locks that a client makes of the leader.

import { EngineError } from "../../proto/errors.ts";
import {
  lockTtlMsDefault,
  lockTtlMsMax,
  lockTtlMsMin,
  lockWaitMsMax,
} from "../../proto/limits/locks.ts";
import { shortPollMs, shortPollReplyMs } from "../../proto/limits/rpc.ts";
import { lockNameProblem } from "../../proto/plan/lock-name.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { LockView } from "../../proto/wire/views.ts";
import type { ClientWorld } from "./world.ts";

export interface LockOptions {
  /** Lease, in milliseconds: from a second to a day, 15 seconds unless told. */
  readonly ttlMs?: number;
  /** How long to wait in line, in milliseconds, up to a day. 0, or left out: be refused at once. */
  readonly waitMs?: number;
  /** Told to whoever finds the lock held; the host and process unless told. */
  readonly holder?: string;
  /** Gives up the wait when it is aborted. */
  readonly signal?: AbortSignal;
}

/** A lock that was granted, and for how long it can be counted on. */
export interface GrantedClaim {
  readonly name: string;
  /** Made up for this claim alone: what lets a request be repeated. */
  readonly owner: string;
  readonly token: number;
  readonly ttlMs: number;
  /** The lease begins no earlier than this, by this process's clock. */
  readonly sinceMs: number;
}

export type LockWorld = Pick<ClientWorld, "leader" | "clock" | "random">;

function checkRange(what: string, name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const range = `a whole number of milliseconds from ${least} to ${most}`;
  throw new EngineError("USAGE", `${what} of lock ${name} must be ${range}, not ${value}`);
}

function checkedRequest(name: string, options: LockOptions) {
  const { ttlMs = lockTtlMsDefault, waitMs = 0, holder = "a client" } = options;
  const problem = lockNameProblem(name);
  if (problem !== undefined) {
    throw new EngineError("USAGE", `the name of a lock ${problem}, not '${name}'`);
  }
  checkRange("ttlMs", name, ttlMs, lockTtlMsMin, lockTtlMsMax);
  checkRange("waitMs", name, waitMs, 0, lockWaitMsMax);
  return { name, holder, ttlMs, waitMs };
}

function throwIfAborted(name: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw new EngineError("LOCK_HELD", `the wait for lock ${name} was aborted`, { lock: name });
}

/**
 * Waits for the lock in short polls of one claim, so that a lost reply, a failover or a new leader never costs
 * its place in line. Rejects with LOCK_HELD when the wait was in vain.
 */
export async function claimLock(
  world: LockWorld,
  name: string,
  options: LockOptions = {},
): Promise<GrantedClaim> {
  const request = checkedRequest(name, options);
  const { ttlMs } = request;
  const owner = world.random.nextHex128();
  for (;;) {
    throwIfAborted(name, options.signal);
    const sinceMs = world.clock.nowMs();
    const { token } = await world.leader.call(
      clientApi.acquireLock,
      { ...request, owner, pollMs: shortPollMs },
      { timeoutMs: shortPollMs + shortPollReplyMs },
    );
    if (token === 0) {
      if (options.signal?.aborted === true) await releaseLock(world, { name, owner, token });
      continue;
    }
    const granted = { name, owner, token, ttlMs, sinceMs };
    // It was granted at some time during this call; after a long wait the lease may be over again.
    const isFresh = world.clock.nowMs() - sinceMs < ttlMs / 3;
    return isFresh ? granted : { ...granted, sinceMs: await renewLock(world, granted) };
  }
}

/** From when on the lease counts anew. Rejects with LOCK_LOST. */
export async function renewLock(
  world: LockWorld,
  claim: Omit<GrantedClaim, "sinceMs">,
): Promise<number> {
  const { name, owner, token, ttlMs } = claim;
  const sinceMs = world.clock.nowMs();
  await world.leader.call(clientApi.renewLock, { name, owner, token, ttlMs });
  return sinceMs;
}

/** Whether the claim held the lock until now. Without an owner: whoever holds it with this token. */
export async function releaseLock(
  world: LockWorld,
  claim: Pick<GrantedClaim, "name" | "owner" | "token">,
): Promise<boolean> {
  const { name, owner, token } = claim;
  return (await world.leader.call(clientApi.releaseLock, { name, owner, token })).held;
}

/** Held locks whose names begin so, by name. */
export async function listLocks(
  world: Pick<LockWorld, "leader">,
  prefix = "",
): Promise<readonly LockView[]> {
  const { lockJson } = await world.leader.call(clientApi.listLocks, { prefix });
  return lockJson.map((json) => JSON.parse(json) as LockView);
}
