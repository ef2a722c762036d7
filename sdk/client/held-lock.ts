// A lock that this process holds and keeps: renewed three times in a lease, and given up by the process itself
// before anybody else can have it.

import { EngineError, toEngineError } from "../../proto/errors.ts";
import type { Timer } from "../../proto/ports/clock.ts";
import { type GrantedClaim, type LockWorld, releaseLock, renewLock } from "./lock-claim.ts";

/** Share of a lease by which this process's clock may run slower than the leader's. */
const driftShare = 1 / 50;
const renewalsPerLease = 3;

export interface ClusterLock extends AsyncDisposable {
  readonly name: string;
  /**
   * Rises with every grant of this lock. Send it along with whatever is done under the lock: a receiver that refuses
   * tokens smaller than the largest it has seen cannot be changed by a holder of the past.
   */
  readonly token: bigint;
  /** Aborted, with LOCK_LOST as its reason, once the lease cannot be counted on any more. */
  readonly signal: AbortSignal;
  /**
   * Throws LOCK_LOST when the lease cannot be counted on any more, by the clock of this very moment: also where this
   * process stood still, and no timer has run yet.
   * @example await client.withLock("prices", async (lock) => lock.check());
   */
  check(): void;
  /**
   * Gives it back; a second time does nothing. Rejects with LOCK_LOST when it had been lost before.
   * @example
   * const lock = await client.lock("prices");
   * await lock.release();
   */
  release(): Promise<void>;
}

class HeldLock implements ClusterLock {
  readonly #world: LockWorld;
  readonly #claim: GrantedClaim;
  readonly #abort = new AbortController();
  #untilMs: number;
  #renewal: Timer | undefined;
  #end: Timer | undefined;
  #lost: EngineError | undefined;
  #released: Promise<void> | undefined;

  constructor(world: LockWorld, claim: GrantedClaim) {
    this.#world = world;
    this.#claim = claim;
    this.#untilMs = this.#endOf(claim.sinceMs);
    this.#watchEnd();
    this.#scheduleRenewal();
  }

  get name(): string {
    return this.#claim.name;
  }

  get token(): bigint {
    return BigInt(this.#claim.token);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  check(): void {
    if (this.#released !== undefined) throw this.#error("it was released");
    if (this.#lost === undefined && this.#world.clock.nowMs() >= this.#untilMs) this.#loseByTime();
    if (this.#lost !== undefined) throw this.#lost;
  }

  release(): Promise<void> {
    this.#released ??= this.#giveBack();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  #endOf(sinceMs: number): number {
    return sinceMs + this.#claim.ttlMs * (1 - driftShare);
  }

  #error(why: string): EngineError {
    const { name, token } = this.#claim;
    return new EngineError(
      "LOCK_LOST",
      `lock ${name} is not held with token ${token} any more: ${why}; stop what it guarded`,
      { lock: name, token },
    );
  }

  #loseByTime(): void {
    const { ttlMs } = this.#claim;
    this.#lose(
      this.#error(
        `no renewal got through within its lease of ${ttlMs} ms (this process stood still, or no ` +
          "leader could be reached)",
      ),
    );
  }

  #lose(error: EngineError): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#stop();
    this.#abort.abort(error);
  }

  #stop(): void {
    this.#renewal?.cancel();
    this.#end?.cancel();
  }

  #watchEnd(): void {
    const { clock } = this.#world;
    this.#end?.cancel();
    this.#end = clock.after(this.#untilMs - clock.nowMs(), () => this.#loseByTime());
  }

  #scheduleRenewal(): void {
    const everyMs = this.#claim.ttlMs / renewalsPerLease;
    this.#renewal = this.#world.clock.after(everyMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    try {
      const sinceMs = await renewLock(this.#world, this.#claim);
      if (this.#lost !== undefined || this.#released !== undefined) return;
      // An answer that came too late revives nothing.
      if (this.#world.clock.nowMs() >= this.#untilMs) return this.#loseByTime();
      this.#untilMs = Math.max(this.#untilMs, this.#endOf(sinceMs));
      this.#watchEnd();
    } catch (thrown) {
      const failure = toEngineError(thrown);
      if (this.#released !== undefined) return;
      if (failure.code === "LOCK_LOST") return this.#lose(failure);
      // Whatever else it is, it may pass before the lease ends, which is watched.
    }
    if (this.#lost === undefined) this.#scheduleRenewal();
  }

  async #giveBack(): Promise<void> {
    if (this.#lost === undefined && this.#world.clock.nowMs() >= this.#untilMs) this.#loseByTime();
    this.#stop();
    // Also a lost one: the leader may count its lease for a while longer.
    const wasHeld = await releaseLock(this.#world, this.#claim);
    if (this.#lost !== undefined) throw this.#lost;
    if (!wasHeld) throw this.#error("its lease ran out or another released it");
  }
}

export function keepLock(world: LockWorld, claim: GrantedClaim): ClusterLock {
  return new HeldLock(world, claim);
}

/** Gives the lock back in the end. Rejects with what the body threw, or with LOCK_LOST when it was lost meanwhile. */
export async function underLock<Result>(
  lock: ClusterLock,
  body: (lock: ClusterLock) => Promise<Result>,
): Promise<Result> {
  let result: Result;
  try {
    result = await body(lock);
  } catch (thrown) {
    // The body's failure says more than that of giving back what ends by itself.
    await lock.release().catch(() => undefined);
    throw thrown;
  }
  await lock.release();
  return result;
}
