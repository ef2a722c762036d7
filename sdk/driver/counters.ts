// The counters of one run of a driver program: what functions add, and what finished actions counted in all.

import { assert, EngineError } from "../../proto/errors.ts";
import { counterNameCharsMax } from "../../proto/limits.ts";
import type { CounterValues } from "../../proto/plan/bundle.ts";
import type { Counter } from "../dataset/session.ts";

/** Apart from what operators measure. */
const prefix = "c:";

export class Counters {
  /** Added in this process since the last `take`. */
  #added = new Map<string, number>();
  /** Of actions that have ended, as they were recorded. */
  readonly #totals = new Map<string, number>();

  counter(name: string): Counter {
    if (typeof name !== "string" || name === "" || name.length > counterNameCharsMax) {
      throw new EngineError(
        "PLAN_INVALID",
        `a counter is named by 1 to ${counterNameCharsMax} characters, not ${JSON.stringify(name)}`,
      );
    }
    const totals = this.#totals;
    return Object.freeze({
      name,
      add: (amount = 1) => this.#add(name, amount),
      get value() {
        return totals.get(name) ?? 0;
      },
    });
  }

  #add(name: string, amount: number): void {
    if (!Number.isFinite(amount)) {
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `counter ${JSON.stringify(name)} was added ${String(amount)}, which is no number`,
      );
    }
    this.#added.set(name, (this.#added.get(name) ?? 0) + amount);
  }

  /** What functions added since the last time, as a task reports it; forgets it. */
  take(): Readonly<Record<string, number>> {
    const added = this.#added;
    if (added.size === 0) return {};
    this.#added = new Map();
    return Object.fromEntries([...added].map(([name, value]) => [prefix + name, value]));
  }

  /** Adds what an action counted, in the order in which the program hears of actions. */
  settle(counters: CounterValues | undefined): void {
    for (const [name, value] of counters ?? []) {
      if (!name.startsWith(prefix)) continue;
      const own = name.slice(prefix.length);
      assert(own !== "", "a counter without a name was counted");
      this.#totals.set(own, (this.#totals.get(own) ?? 0) + value);
    }
  }
}
