// Code of sources and sinks of others is waited for, for a bounded time, as long as its attempt goes on.

import { expect, test } from "vitest";
import { connectorWaitMsMax } from "../../proto/limits/connectors.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import { cellAt, cellStates, cellsBytes, cellsOf } from "./cells.ts";
import { waitOutside } from "./outside-wait.ts";

function outside() {
  const cells = cellsOf(new ArrayBuffer(cellsBytes));
  const user = { cells, file: () => undefined, partition: 3, labels: [], locate: () => ({}) };
  const clock = fakeClock();
  return { clock, ints: cells.ints, outside: { user, clock, label: "read pages#4" } };
}

const never = (): Promise<never> => new Promise(() => {});

test("what never answers ends with USER_CODE_DEADLINE, and counts as alive until then", async () => {
  const { clock, ints, outside: at } = outside();
  const waiting = waitOutside(at, never);
  const ended = expect(waiting).rejects.toMatchObject({
    code: "USER_CODE_DEADLINE",
    message: `read pages#4 waited for more than ${connectorWaitMsMax} ms for one answer`,
    details: { operator: "read pages#4", partition: 3 },
  });
  const before = ints[cellAt.steps]!;
  clock.advance(connectorWaitMsMax / 2);
  expect(ints[cellAt.state]).toBe(cellStates.waiting);
  expect(ints[cellAt.steps]).toBeGreaterThan(before);
  clock.advance(connectorWaitMsMax);
  await ended;
  expect(clock.pending()).toBe(0);
});

test("an attempt that is stopped waits no longer", async () => {
  const { clock, ints, outside: at } = outside();
  const waiting = expect(waitOutside(at, never)).rejects.toMatchObject({ code: "LEASE_LOST" });
  ints[cellAt.cancelled] = 1;
  clock.advance(60_000);
  await waiting;
});

test("while its code computes, the time is the user's; what it throws names it", async () => {
  const { ints, outside: at } = outside();
  const failing = (): never => {
    expect(ints[cellAt.state]).toBe(cellStates.user);
    throw new RangeError("closed");
  };
  await expect(waitOutside(at, failing)).rejects.toMatchObject({
    code: "USER_CODE_FAILED",
    message: "read pages#4: RangeError: closed",
  });
});
