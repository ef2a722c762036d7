// A random history of clients that use locks: sensible and senseless requests, copies of them, waits,
// time that passes, leaders that change, and one that was deposed and does not know.

import { HistoryRecorder, type Operation } from "../../../bench/checkers/history.ts";
import type { LockInput, LockOutput } from "../../../bench/checkers/lock-model.ts";
import { loggedTickMs } from "../../../proto/limits.ts";
import type { RandomStream } from "../../../proto/ports/random.ts";
import { apply } from "../apply.ts";
import type { Command, CommandReply } from "../commands.ts";
import { leaseTicks } from "../locks.ts";
import type { LeaseBug } from "../planted-bugs.ts";
import { decodeSnapshot, encodeSnapshot } from "../snapshot.ts";
import { type ClusterState, emptyState } from "../state.ts";

interface Claim {
  readonly name: string;
  readonly owner: string;
  token: number;
  /** Its acquire until it was told how that went: asking again is the same operation. */
  open: { returned(output: LockOutput): void } | undefined;
  /** Told that it will not get it. */
  isOver: boolean;
}

const ttlMs = 2000;

function outputOf(reply: CommandReply): LockOutput | undefined {
  switch (reply.kind) {
    case "locked":
      return { kind: "granted", token: reply.token };
    case "lockReleased":
      return { kind: reply.held ? "done" : "lost" };
    case "error":
      return { kind: reply.error.code === "LOCK_HELD" ? "held" : "lost" };
    default:
      return undefined;
  }
}

class LockWalk {
  readonly #random: RandomStream;
  readonly #plantedBug: LeaseBug | undefined;
  readonly #claims: Claim[] = [];
  readonly #copies: Command[] = [];
  readonly recorder: HistoryRecorder<LockInput, LockOutput>;
  #state: ClusterState;
  #nowMs = 0;
  #term = 1;

  constructor(random: RandomStream, plantedBug: LeaseBug | undefined) {
    this.#random = random;
    this.#plantedBug = plantedBug;
    this.#state = emptyState(plantedBug);
    this.recorder = new HistoryRecorder(() => this.#nowMs);
  }

  #run(command: Command): CommandReply {
    if (command.kind !== "tick" && this.#random.below(10) === 0) this.#copies.push(command);
    return apply(this.#state, this.#state.appliedIndex + 1, command);
  }

  #acquire(claim: Claim, waits: boolean): void {
    const { name, owner } = claim;
    const open = claim.open ?? this.recorder.call(owner, { kind: "acquire", name, owner, ttlMs });
    const waitLoggedTicks = waits ? this.#random.below(12) : 0;
    const reply = this.#run({
      ...{ kind: "acquireLock", name, owner, holder: owner },
      ...{ ttlLoggedTicks: leaseTicks(ttlMs), waitLoggedTicks },
    });
    const output = outputOf(reply);
    claim.open = open;
    // Now and then the reply is lost.
    if (output === undefined || this.#random.below(8) === 0) return;
    claim.open = undefined;
    if (output.kind === "granted") claim.token = output.token;
    else claim.isOver = true;
    open.returned(output);
  }

  #renew({ name, owner, token }: Claim): void {
    const open = this.recorder.call(owner, { kind: "renew", name, owner, token, ttlMs });
    const ttlLoggedTicks = leaseTicks(ttlMs);
    const reply = this.#run({ kind: "renewLock", name, owner, token, ttlLoggedTicks });
    open.returned({ kind: reply.kind === "locked" ? "done" : "lost" });
  }

  #release(claim: Claim): void {
    const { name, owner, token } = claim;
    const open = this.recorder.call(owner, { kind: "release", name, owner, token });
    const output = outputOf(this.#run({ kind: "releaseLock", name, owner, token }));
    if (output === undefined) return;
    open.returned(output);
    // Asked again it would be told the same, which is one operation still.
    claim.isOver = true;
    claim.token = 0;
  }

  #time(): void {
    const roll = this.#random.below(10);
    if (roll === 0) this.#term++;
    // Stuck since before; by its clock much time has passed. That no entry of its own comes between the
    // last one of its term and the first of the next is for Raft to see to.
    else if (roll === 1 && this.#term > 1 && this.#state.tickTerm === this.#term) {
      for (let i = 0; i < 6; i++) this.#run({ kind: "tick", term: this.#term - 1 });
    } else if (roll === 2) {
      this.#state = decodeSnapshot(encodeSnapshot(this.#state), this.#plantedBug);
    } else {
      this.#nowMs += loggedTickMs;
      this.#run({ kind: "tick", term: this.#term });
    }
  }

  step(): void {
    const random = this.#random;
    const claim = this.#claims[this.#claims.length - 1 - random.below(6)];
    const roll = random.below(100);
    if (roll < 40) return this.#time();
    if (claim === undefined || roll < 60) {
      const name = `l${random.below(2)}`;
      const fresh = {
        name,
        owner: `c${this.#claims.length}`,
        token: 0,
        open: undefined,
        isOver: false,
      };
      this.#claims.push(fresh);
      this.#acquire(fresh, random.below(2) === 0);
    } else if (roll < 72 && !claim.isOver) {
      // Asks again while it waits; and holders that missed their reply.
      this.#acquire(claim, true);
    } else if (roll < 84 && claim.token !== 0) this.#renew(claim);
    else if (roll < 92 && claim.token !== 0) this.#release(claim);
    else if (this.#copies.length > 0) {
      const copy = this.#copies[random.below(this.#copies.length)]!;
      apply(this.#state, this.#state.appliedIndex + 1, copy);
    }
  }
}

export function lockHistory(
  random: RandomStream,
  steps: number,
  plantedBug?: LeaseBug,
): readonly Operation<LockInput, LockOutput>[] {
  const walk = new LockWalk(random, plantedBug);
  for (let i = 0; i < steps; i++) walk.step();
  return walk.recorder.operations();
}
