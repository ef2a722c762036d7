// Gives outcomes to a driver program in the order in which it started the actions, whenever they come.

import { driverTurnsPerOutcome } from "../../proto/limits.ts";

/**
 * Two actions at once end in any order, and a program goes on at whatever came first: the numbers of its
 * later actions would differ from run to run. So an outcome waits for those of earlier actions, and then for
 * the program to have come to rest. A replay, where all outcomes are there at once, interleaves alike.
 */
export class OrderedOutcomes {
  #undelivered = 0;
  #lastDelivered: Promise<void> = Promise.resolve();

  /** Actions started and not yet answered. */
  get undelivered(): number {
    return this.#undelivered;
  }

  /** Resolves with the outcome when it is its turn; stays pending for ever when the outcome does. */
  async inTurn<Outcome>(outcome: Promise<Outcome>): Promise<Outcome> {
    const before = this.#undelivered > 0 ? this.#lastDelivered : undefined;
    let delivered: () => void = () => {};
    this.#lastDelivered = new Promise((resolve) => {
      delivered = resolve;
    });
    this.#undelivered += 1;
    const value = await outcome;
    if (before !== undefined) {
      await before;
      for (let turn = 0; turn < driverTurnsPerOutcome; turn++) await undefined;
    }
    this.#undelivered -= 1;
    delivered();
    return value;
  }
}
