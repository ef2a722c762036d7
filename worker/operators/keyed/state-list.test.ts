// States by number: what was set last is there, whether as doubles or as values.

import fc from "fast-check";
import { expect, test } from "vitest";
import { StateList } from "./state-list.ts";

const states = fc.oneof(
  { weight: 20, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.constantFrom<unknown>("text", null, undefined, 1n, [1]) },
);

test("a list of states answers what an array would", () => {
  const steps = fc.array(fc.tuple(fc.option(fc.nat({ max: 100 })), states), { maxLength: 400 });
  fc.assert(
    fc.property(steps, (drawn) => {
      const list = new StateList<unknown>();
      const plain: unknown[] = [];
      for (const [at, state] of drawn) {
        if (at === null || at >= plain.length) {
          list.add(state);
          plain.push(state);
        } else {
          list.set(at, state);
          plain[at] = state;
        }
      }
      expect(plain.map((_, at) => list.get(at))).toEqual(plain);
      expect(list.areNumbers).toBe(drawn.every(([, state]) => typeof state === "number"));
    }),
  );
});
