// Clients that use locks against a cluster, with everything noted: they wait, renew, give back or forget, and write
// to a resource outside of the cluster with the token they hold, sometimes long after they should have stopped.

import { assert, EngineError } from "../../proto/errors.ts";
import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import {
  claimLock,
  type GrantedClaim,
  releaseLock,
  renewLock,
} from "../../sdk/client/lock-claim.ts";
import { type FencedInput, type FencedOutput, fencedModel } from "./fenced-model.ts";
import { HistoryRecorder } from "./history.ts";
import { assertLinearizable } from "./linearizability.ts";
import { type LockInput, type LockOutput, lockModel } from "./lock-model.ts";

/** One client with a clock of its own, which stands still while the client does. */
export interface SimulatedClient {
  readonly name: string;
  readonly leader: LeaderCalls;
  readonly clock: Clock;
  readonly random: RandomStream;
}

export interface LockClientsOptions {
  /** The clock of the history, which never stands still. */
  readonly clock: Clock;
  readonly clients: readonly SimulatedClient[];
  readonly locks: number;
  readonly ttlMs: number;
  /** What of it is left at least where clocks drift, by the clock of the history. */
  readonly leaseMsMin?: number;
  /** How long writes may be under way, by the clock of the history; four leases unless told. */
  readonly writeMsMax?: number;
  /** Whether the resource looks at tokens, as it has to. */
  readonly isFenced: boolean;
}

const outcomeOf = (thrown: unknown): LockOutput | undefined => {
  if (!(thrown instanceof EngineError)) throw thrown;
  if (thrown.code === "LOCK_HELD") return { kind: "held" };
  if (thrown.code === "LOCK_LOST") return { kind: "lost" };
  return undefined;
};

/** Granted and lost before the client heard of it: it was held for a while, which others may have seen. */
const outcomeOfAcquire = (thrown: unknown): LockOutput | undefined => {
  const outcome = outcomeOf(thrown);
  return outcome?.kind === "lost" ? undefined : outcome;
};

interface HeldClaim extends GrantedClaim {
  /** Who it is in the history. */
  readonly calledBy: string;
}

/** The outside world: a value behind the largest token seen. */
class Resource {
  readonly #isFenced: boolean;
  #largest = 0;

  constructor(isFenced: boolean) {
    this.#isFenced = isFenced;
  }

  write(token: number): FencedOutput {
    if (this.#isFenced && token < this.#largest) return "refused";
    this.#largest = token;
    return "accepted";
  }
}

export class LockClients {
  readonly #options: LockClientsOptions;
  readonly #locks: HistoryRecorder<LockInput, LockOutput>;
  readonly #writes: HistoryRecorder<FencedInput, FencedOutput>;
  readonly #resources = new Map<string, Resource>();
  readonly #leaseMsMin: number;
  readonly #writeMsMax: number;
  #claims = 0;
  #isStopped = false;

  constructor(options: LockClientsOptions) {
    this.#options = options;
    this.#leaseMsMin = options.leaseMsMin ?? options.ttlMs;
    this.#writeMsMax = options.writeMsMax ?? 4 * options.ttlMs;
    this.#locks = new HistoryRecorder(options.clock.nowMs);
    this.#writes = new HistoryRecorder(options.clock.nowMs);
  }

  /** Clients that stand still for ever never end: nobody waits for them. */
  start(): void {
    for (const client of this.#options.clients) void this.#run(client);
  }

  /** No client begins anything new. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Fails where a history is not what locks with tokens may do; answers how much was seen. */
  check() {
    const locks = this.#locks.operations();
    const writes = this.#writes.operations();
    assertLinearizable(lockModel, locks);
    // Few clients, or ones with bad luck, may not have come to write.
    const isWritten = writes.some(({ output }) => output !== undefined);
    if (isWritten) assertLinearizable(fencedModel, writes);
    const told = (kind: LockOutput["kind"]) =>
      locks.filter(({ output }) => output?.kind === kind).length;
    return {
      operations: locks.length + writes.length,
      granted: told("granted"),
      held: told("held"),
      lost: told("lost"),
      unknown: locks.filter(({ output }) => output === undefined).length,
      refusedWrites: writes.filter(({ output }) => output === "refused").length,
    };
  }

  /** Everything that was asked and told: equal runs have equal text. */
  trace(): string {
    const lines = [...this.#locks.operations(), ...this.#writes.operations()];
    return lines.map((operation) => JSON.stringify(operation)).join("\n");
  }

  async #run(client: SimulatedClient): Promise<void> {
    while (!this.#isStopped) {
      await sleep(client.clock, client.random.below(1500));
      await this.#useOnce(client);
    }
  }

  /** After the others have stopped: whoever forgot a lock, or was never told of it, holds it no longer. */
  async takeAll(client: SimulatedClient): Promise<void> {
    const waitMs = 10 * this.#options.ttlMs;
    for (let at = 0; at < this.#options.locks; at++) {
      const claim = await this.#acquire(client, `l${at}`, waitMs);
      assert(claim !== undefined, `l${at} is not free ${waitMs} ms after its last user stopped`);
    }
  }

  async #useOnce(client: SimulatedClient): Promise<void> {
    const { random } = client;
    const { ttlMs } = this.#options;
    const name = `l${random.below(this.#options.locks)}`;
    const waitMs = random.below(2) === 0 ? 0 : random.below(3 * ttlMs);
    const claim = await this.#acquire(client, name, waitMs);
    if (claim !== undefined) await this.#hold(client, claim);
  }

  async #acquire(
    client: SimulatedClient,
    name: string,
    waitMs: number,
  ): Promise<HeldClaim | undefined> {
    const { ttlMs } = this.#options;
    const owner = `${client.name}#${this.#claims++}`;
    let claim: HeldClaim | undefined;
    await this.#locks.record(
      client.name,
      { kind: "acquire", name, owner, ttlMs: this.#leaseMsMin },
      async () => {
        const granted = await claimLock(client, name, { ttlMs, waitMs, holder: owner });
        claim = { ...granted, calledBy: owner };
        return { kind: "granted", token: claim.token };
      },
      outcomeOfAcquire,
    );
    return claim;
  }

  async #hold(client: SimulatedClient, claim: HeldClaim): Promise<void> {
    const { random } = client;
    const { ttlMs } = this.#options;
    const { name, token, calledBy: owner } = claim;
    for (let step = random.below(5); step > 0; step--) {
      await sleep(client.clock, random.below(ttlMs));
      void this.#write(client, name, token);
      const renewed = await this.#locks.record(
        client.name,
        { kind: "renew", name, owner, token, ttlMs: this.#leaseMsMin },
        async () => {
          await renewLock(client, claim);
          return { kind: "done" };
        },
        outcomeOf,
      );
      if (renewed?.kind === "lost") return;
    }
    // Some forget, as those that die do.
    if (random.below(5) === 0) return;
    await this.#locks.record(
      client.name,
      { kind: "release", name, owner, token },
      async () => ({ kind: (await releaseLock(client, claim)) ? "done" : "lost" }),
      outcomeOf,
    );
  }

  /** On its way for a moment, or for so long that another may hold the lock by then. */
  async #write(client: SimulatedClient, resource: string, token: number): Promise<void> {
    const { clock, isFenced } = this.#options;
    const open = this.#writes.call(client.name, { resource, token });
    const isLate = client.random.below(4) === 0;
    await sleep(clock, client.random.below(isLate ? this.#writeMsMax : 20));
    const known = this.#resources.get(resource) ?? new Resource(isFenced);
    this.#resources.set(resource, known);
    open.returned(known.write(token));
  }
}
