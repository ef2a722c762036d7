// A task is the same after its row went through JSON, whatever it went through itself.

import fc from "fast-check";
import { expect, test } from "vitest";
import { asWorkerId } from "../../proto/ids.ts";
import type { CounterValues } from "../../proto/plan/bundle.ts";
import { rowOfTask, type TaskRow, taskOfRow } from "./snapshot-tasks.ts";
import type { TaskState } from "./state.ts";

const count = fc.nat(3);
const trials = {
  ...{ attempt: count, failures: count, deaths: count, fetchFailures: count },
  priorDigest: fc.constantFrom("", "0123456789abcdef"),
};
const workerId = fc.constantFrom("w1", "w2").map(asWorkerId);
const sizes = { rows: fc.nat(), bytes: fc.nat() };
const counters = fc.constantFrom<CounterValues[]>([], [["rows seen", 3]]);
const upload = { uri: "file:///a/b", uploadId: "u", etags: ["1", "2"], sizeBytes: 3 };
const uploads = fc.constantFrom([], [{ ...upload, rows: 1, digest: "d" }]);
const always = { noNullPrototype: true } as const;
const origin = fc.record({ actionIndex: count, stageId: count }, always);
const tasks: fc.Arbitrary<TaskState> = fc.oneof(
  fc.record({ kind: fc.constant("pending" as const), ...trials, dueTick: fc.nat() }, always),
  fc.record(
    {
      ...{ kind: fc.constant("leased" as const), ...trials, token: fc.nat(), workerId },
      ...{ renewedTick: fc.nat(), progress: fc.nat(), progressTick: fc.nat(), ...sizes },
    },
    always,
  ),
  fc.record(
    {
      ...{ kind: fc.constant("done" as const), ...trials, token: fc.nat(), workerId },
      ...{ digest: fc.string(), ...sizes, bytesOut: fc.nat() },
      ...{ resultJson: fc.json(), counters, uploads, origin },
    },
    {
      ...always,
      requiredKeys: [
        ...(["kind", "attempt", "failures", "deaths", "fetchFailures", "priorDigest"] as const),
        ...(["token", "workerId", "digest", "rows", "bytes", "bytesOut"] as const),
      ],
    },
  ),
  fc.record(
    { kind: fc.constant("lost" as const), ...trials, ...sizes, counters },
    {
      ...always,
      requiredKeys: [
        ...(["kind", "attempt", "failures", "deaths", "fetchFailures", "priorDigest"] as const),
        ...(["rows", "bytes"] as const),
      ],
    },
  ),
);

test("every task comes back as it was", () => {
  fc.assert(
    fc.property(tasks, (task) => {
      const row = JSON.parse(JSON.stringify(rowOfTask(task))) as TaskRow;
      expect(taskOfRow(row)).toStrictEqual(task);
    }),
    { numRuns: 500 },
  );
});

test("what is no row of a task is none", () => {
  expect(taskOfRow(["finished", 1] as unknown as TaskRow)).toBeUndefined();
  expect(taskOfRow({ kind: "done" } as unknown as TaskRow)).toBeUndefined();
});
