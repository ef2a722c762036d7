// The memory of one executor process for rows: a ledger that all of its threads share without locks.
//
// Half of the budget belongs to the slots in even parts, so that each task always has its own. The other half is
// for whoever asks first: a task that runs alone with one other slot may have three quarters of the budget.

import { assert } from "../../proto/errors.ts";

/** Words of 64 bits: what of the common half is taken in all, then by the task of each slot. */
const takenInAll = 0;
const firstSlot = 1;

export interface BudgetShape {
  readonly limitBytes: number;
  readonly slots: number;
}

export function ledgerBytes(slots: number): number {
  return (firstSlot + slots) * 8;
}

export class SharedBudget {
  /** What each slot has for itself. */
  readonly ownBytes: number;
  readonly commonBytes: number;
  private readonly ledger: BigInt64Array;

  constructor(memory: SharedArrayBuffer | ArrayBuffer, { limitBytes, slots }: BudgetShape) {
    assert(memory.byteLength === ledgerBytes(slots), "a ledger has one word for each slot");
    this.ledger = new BigInt64Array(memory);
    this.ownBytes = Math.floor(limitBytes / (2 * slots));
    this.commonBytes = limitBytes - this.ownBytes * slots;
  }

  /** What of the common half nobody has. */
  get freeBytes(): number {
    return this.commonBytes - Number(Atomics.load(this.ledger, takenInAll));
  }

  /** Changes what the task of a slot has of the common half; false where there is not so much. */
  take(slot: number, bytes: number): boolean {
    const wanted = BigInt(bytes);
    for (;;) {
      const taken = Atomics.load(this.ledger, takenInAll);
      if (bytes > 0 && taken + wanted > BigInt(this.commonBytes)) return false;
      if (Atomics.compareExchange(this.ledger, takenInAll, taken, taken + wanted) === taken) break;
    }
    Atomics.add(this.ledger, firstSlot + slot, wanted);
    return true;
  }

  /** Gives back all that the task of a slot took: it ended, or its thread died. */
  release(slot: number): void {
    const taken = Atomics.exchange(this.ledger, firstSlot + slot, 0n);
    Atomics.sub(this.ledger, takenInAll, taken);
  }
}
