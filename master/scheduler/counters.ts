// What the tasks of an action counted, each task once however often it ran.

import type { CounterValues } from "../../proto/plan/bundle.ts";
import type { StageState } from "./state.ts";

/** Names that begin so are maxima; all others are sums. */
const maximum = "max:";

/** A finished task whose output went away since still has counted. */
export function totalCounters(stages: readonly StageState[]): CounterValues {
  const totals = new Map<string, number>();
  for (const stage of stages) {
    for (const task of stage.tasks) {
      if (task.kind !== "done" && task.kind !== "lost") continue;
      for (const [name, value] of task.counters ?? []) {
        const before = totals.get(name);
        const isMaximum = name.startsWith(maximum);
        totals.set(
          name,
          before === undefined ? value : isMaximum ? Math.max(before, value) : before + value,
        );
      }
    }
  }
  return [...totals].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Nothing counted leaves no trace in an outcome. */
export function countersField(counters: CounterValues): { readonly counters?: CounterValues } {
  return counters.length === 0 ? {} : { counters };
}
