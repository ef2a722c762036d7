// What a thread keeps from task to task, and when it lets go.
import { expect, test } from "vitest";
import { executorThreadBytes } from "../../../proto/limits/memory.ts";
import { keptSidesIdleMs } from "../../../proto/limits.ts";
import { fakeClock } from "../../../proto/testing/fake-clock.ts";
import type { SharedSide } from "./built-side.ts";
import { KeptColumns } from "./kept-columns.ts";
import { KeptSides } from "./kept-sides.ts";

function open() {
  const clock = fakeClock();
  const sides = new KeptSides(clock);
  const closed: string[] = [];
  const sideOf = (name: string, heldBytes = 100): SharedSide => ({
    built: {
      ...{ rows: undefined, keyTypes: [], keyBits: [], names: [] },
      columns: new KeptColumns(),
      table: {
        ...{ bytes: 0, order: undefined },
        pairsOf: () => ({ probe: new Int32Array(0), kept: new Int32Array(0) }),
        onlyOf: () => undefined,
        firstsOf: () => new Int32Array(0),
        close: () => void closed.push(name),
      },
    },
    heldBytes,
    size: { rows: 1, bytes: 1 },
  });
  const keep = (name: string, heldBytes?: number) =>
    sides.place(name).keep(sideOf(name, heldBytes));
  const has = (name: string) => sides.place(name).find() !== undefined;
  return { clock, sides, closed, keep, has };
}

test("a side is kept for the tasks of its stage, and for no other", () => {
  const { sides, closed, keep, has } = open();
  sides.enter("job/0/1");
  keep("a");
  sides.leave();
  sides.enter("job/0/1");
  expect([has("a"), has("b"), closed]).toEqual([true, false, []]);
  sides.leave();
  sides.enter("job/0/2");
  expect([has("a"), closed]).toEqual([false, ["a"]]);
});

test("a thread that gets no task lets go; one that works does not", async () => {
  const { clock, sides, closed, keep, has } = open();
  sides.enter("stage");
  keep("a");
  sides.leave();
  await clock.advanceAsync(keptSidesIdleMs - 1);
  sides.enter("stage");
  await clock.advanceAsync(10 * keptSidesIdleMs);
  expect(has("a")).toBe(true);
  sides.leave();
  await clock.advanceAsync(keptSidesIdleMs);
  expect([has("a"), closed]).toEqual([false, ["a"]]);
});

test("no more is kept than an idle thread may hold, and nothing goes while a task may use it", () => {
  const { sides, closed, keep, has } = open();
  sides.enter("stage");
  keep("a", executorThreadBytes - 100);
  keep("b", 101);
  expect([has("a"), has("b"), closed]).toEqual([true, false, []]);
  keep("c", 100);
  expect(has("c")).toBe(true);
  sides.place("a").drop();
  keep("b", 101);
  expect([has("a"), has("b"), closed]).toEqual([false, true, ["a"]]);
});
