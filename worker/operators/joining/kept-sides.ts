// What a thread keeps of joins from task to task of a stage: sides that are sent whole to all of its tasks, which would
// otherwise be fetched and put into a table once for each task.
//
// A task that uses a side reserves the memory for it as if it had built it. Between two tasks it belongs to nobody:
// then the thread has no batches on their way, and a side takes their place, for a short time.

import { assert } from "../../../proto/errors.ts";
import { executorThreadBytes } from "../../../proto/limits/memory.ts";
import { keptSidesIdleMs } from "../../../proto/limits.ts";
import type { Clock, Timer } from "../../../proto/ports/clock.ts";
import { closeSide, type SharedSide, type SidePlace } from "./built-side.ts";

export class KeptSides {
  private readonly clock: Clock;
  private readonly sides = new Map<string, SharedSide>();
  private scope = "";
  private bytes = 0;
  private timer: Timer | undefined;
  private isInTask = false;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** A task of the stage that `scope` names begins; whatever is kept for another is let go. */
  enter(scope: string): void {
    assert(!this.isInTask, `a task of ${scope} begins before one of ${this.scope} ended`);
    this.isInTask = true;
    this.timer?.cancel();
    if (scope !== this.scope) this.clear();
    this.scope = scope;
  }

  leave(): void {
    this.isInTask = false;
    if (this.sides.size > 0) this.timer = this.clock.after(keptSidesIdleMs, () => this.clear());
  }

  /** `name`: what the side is made of and how, different for all sides of a stage. */
  place(name: string): SidePlace {
    return {
      find: () => this.sides.get(name),
      keep: (side) => {
        // None is let go for it: a task may be using the others.
        if (this.sides.has(name) || this.bytes + side.heldBytes > executorThreadBytes) return;
        this.sides.set(name, side);
        this.bytes += side.heldBytes;
      },
      drop: () => this.drop(name),
    };
  }

  private drop(name: string): void {
    const side = this.sides.get(name);
    if (side === undefined) return;
    this.sides.delete(name);
    this.bytes -= side.heldBytes;
    closeSide(side.built);
  }

  private clear(): void {
    for (const name of [...this.sides.keys()]) this.drop(name);
  }
}
