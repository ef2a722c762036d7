// Who gets no more rows, and why.

import { expect, test } from "vitest";
import { TimeBudget, TookTooLong } from "./time-budget.ts";

const budget = () => new TimeBudget({ runSeconds: 45, contenderMinutes: 2 });

test("a contender goes on until its minutes are used up, whatever the workload", () => {
  const times = budget();
  times.spend("ray", 119_999);
  expect(times.refusal("ray", "join")).toBeUndefined();
  times.spend("ray", 1);
  expect(times.refusal("ray", "join")).toBe(
    "its 2 minutes were used up; --contender-minutes gives it more",
  );
  expect(times.refusal("dask", "join")).toBeUndefined();
  expect(times.spentMinutes).toEqual({ ray: 2 });
});

test("after two late runs a contender gets no more rows of that workload", () => {
  const times = budget();
  times.noteLate("ray", "join");
  expect(times.refusal("ray", "join")).toBeUndefined();
  times.noteLate("ray", "join");
  expect(times.refusal("ray", "join")).toBe("2 runs of this workload took longer than 45 s each");
  expect(times.refusal("ray", "columns")).toBeUndefined();
});

test("what took too long is told with the limit", () => {
  expect(new TookTooLong("a run", 45).message).toBe("a run took longer than 45 s and was stopped");
});
