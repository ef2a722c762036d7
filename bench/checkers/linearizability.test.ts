// The checker against known histories, against a twin that tries every order, and against its budget.

import { describe, expect, test } from "vitest";
import { randomStream } from "../../proto/ports/random.ts";
import type { Operation } from "./history.ts";
import { assertLinearizable, checkLinearizable } from "./linearizability.ts";
import { type RegisterInput, type RegisterOutput, registerModel } from "./register-model.ts";
import { isLinearizableByForce } from "./testing/brute-force.ts";
import { type RegisterOperation, randomHistory } from "./testing/random-history.ts";

const never = Number.POSITIVE_INFINITY;

/** `[client, call, return, what, answer]`, over one key. */
function operation(
  client: string,
  calledAt: number,
  returnedAt: number,
  input: Omit<RegisterInput, "key">,
  output?: RegisterOutput,
): Operation<RegisterInput, RegisterOutput> {
  const withKey = { ...input, key: "x" } as RegisterInput;
  const times = { calledAt, returnedAt, calledMs: calledAt, returnedMs: returnedAt };
  return { client, input: withKey, output, ...times };
}

const write = (value: number) => ({ kind: "write", value }) as const;
const read = { kind: "read" } as const;
const cas = (expected: number, value: number) =>
  ({ kind: "compareAndSet", expected, value }) as const;
const written = { kind: "written" } as const;
const saw = (value: number) => ({ kind: "value", value }) as const;
const set = (done: boolean) => ({ kind: "set", done }) as const;

const kindOf = (history: readonly RegisterOperation[]): string =>
  checkLinearizable(registerModel, history).kind;

describe("known histories", () => {
  // Porcupine's own examples, and others that each need one thing of the algorithm.
  test.each<[string, RegisterOperation[]]>([
    ["nothing at all", []],
    [
      "two reads beside a write, one of them before it",
      [
        operation("a", 0, 100, write(100), written),
        operation("b", 25, 75, read, saw(100)),
        operation("c", 30, 60, read, saw(0)),
      ],
    ],
    [
      "a write of unknown outcome that is seen much later",
      [
        operation("a", 0, never, write(1)),
        operation("b", 10, 20, read, saw(0)),
        operation("b", 30, 40, read, saw(1)),
      ],
    ],
    [
      "a write of unknown outcome that is never seen",
      [operation("a", 0, never, write(1)), operation("b", 10, 20, read, saw(0))],
    ],
    [
      "a condition that holds because another write came between",
      [
        operation("a", 0, 50, write(1), written),
        operation("b", 0, 50, cas(1, 2), set(true)),
        operation("c", 60, 70, read, saw(2)),
      ],
    ],
    [
      "a return and a call at the same time count as beside each other",
      [operation("a", 0, 10, write(1), written), operation("b", 10, 20, read, saw(0))],
    ],
  ])("linearizable: %s", (_, history) => {
    expect(kindOf(history)).toBe("linearizable");
    expect(isLinearizableByForce(registerModel, history)).toBe(true);
  });

  test.each<[string, RegisterOperation[]]>([
    [
      "a value that is seen, then unseen",
      [
        operation("a", 0, 100, write(200), written),
        operation("b", 10, 30, read, saw(200)),
        operation("c", 40, 90, read, saw(0)),
      ],
    ],
    [
      "a stale read",
      [operation("a", 0, 10, write(1), written), operation("b", 20, 30, read, saw(0))],
    ],
    [
      "a value that nobody wrote",
      [operation("a", 0, 10, write(1), written), operation("b", 5, 30, read, saw(7))],
    ],
    [
      "two conditions that both held",
      [operation("a", 0, 10, cas(0, 1), set(true)), operation("b", 0, 10, cas(0, 2), set(true))],
    ],
    [
      "a write of unknown outcome that is seen, then unseen",
      [
        operation("a", 0, never, write(1)),
        operation("b", 10, 20, read, saw(1)),
        operation("b", 30, 40, read, saw(0)),
      ],
    ],
  ])("not linearizable: %s", (_, history) => {
    expect(kindOf(history)).toBe("violation");
    expect(isLinearizableByForce(registerModel, history)).toBe(false);
    expect(() => assertLinearizable(registerModel, history)).toThrow("x is not linearizable");
  });
});

test("keys are checked apart, and the one that is wrong is named", () => {
  const right = operation("a", 0, 10, write(1), written);
  const wrong = { ...operation("b", 20, 30, read, saw(9)), input: { kind: "read", key: "y" } };
  const verdict = checkLinearizable(registerModel, [right, wrong as RegisterOperation]);
  expect(verdict).toMatchObject({ kind: "violation", key: "y" });
});

test("agrees with the twin that tries every order", () => {
  const random = randomStream(11);
  const counts = { linearizable: 0, violation: 0 };
  for (let round = 0; round < 4000; round++) {
    const history = randomHistory(random, {
      clients: 1 + random.below(4),
      operations: 1 + random.below(7),
      keys: 1,
      unknown: random.below(2) * 30,
      lies: random.below(2) * 25,
    });
    const found = checkLinearizable(registerModel, history);
    expect(found.kind, JSON.stringify(history)).toBe(
      isLinearizableByForce(registerModel, history) ? "linearizable" : "violation",
    );
    if (found.kind !== "unknown") counts[found.kind]++;
  }
  expect(counts.linearizable).toBeGreaterThan(1000);
  expect(counts.violation).toBeGreaterThan(500);
});

test("long histories of many clients are checked within the budget, and a single lie is found", () => {
  for (let seed = 0; seed < 3; seed++) {
    const random = randomStream(seed);
    const options = { clients: 8, operations: 1000, keys: 4, unknown: 2, lies: 0 };
    const history = randomHistory(random, options);
    expect(kindOf(history)).toBe("linearizable");
    const reads = history.filter(
      ({ input, output }) => input.kind === "read" && output !== undefined,
    );
    const lie = reads[random.below(reads.length)];
    const changed = history.map((each) => (each === lie ? { ...each, output: saw(77) } : each));
    expect(kindOf(changed)).toBe("violation");
  }
});

test("a budget that runs out is no pass", () => {
  const history = randomHistory(randomStream(1), {
    ...{ clients: 6, operations: 200, keys: 1, unknown: 0, lies: 0 },
  });
  expect(checkLinearizable(registerModel, history, 20)).toMatchObject({ kind: "unknown" });
  expect(() => assertLinearizable(registerModel, history, 20)).toThrow("is unknown whether");
});

test("a history of which nothing is known is no pass either", () => {
  expect(() => assertLinearizable(registerModel, [operation("a", 0, never, write(1))])).toThrow(
    "none of 1 operations",
  );
});
