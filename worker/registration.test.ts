// Which refusals end a worker, and that each says what to do.

import { expect, test } from "vitest";
import { EngineError, type ErrorCode } from "../proto/errors.ts";
import { registrationMsMax } from "../proto/limits/rpc.ts";
import { endOfWorker, otherCluster } from "./registration.ts";

const told = (code: ErrorCode, waitedMs: number): string => {
  const end = endOfWorker("w1", new EngineError(code, "the master's words"), waitedMs);
  return end === undefined ? "asks again" : `${end.code}: ${end.message}`;
};

test("what will not change by asking again ends the worker at once", () => {
  expect(told("UNAUTHENTICATED", 0)).toBe(
    "UNAUTHENTICATED: worker w1 is refused: the master's words; give it the node token of this cluster, " +
      "by --node-token-file or MILLRACE_NODE_TOKEN, then start it again",
  );
  expect(told("FORBIDDEN", 0)).toMatch(/^FORBIDDEN: .*not that of clients/);
  expect(told("MESSAGE_INVALID", 0)).toMatch(
    /^MESSAGE_INVALID: .*the version that the masters run/,
  );
  const other = endOfWorker("w1", otherCluster("w1", "own", "other"), 0);
  expect(`${other?.code}: ${other?.message}`).toBe(
    "MASTER_MISMATCH: worker w1 is refused: the masters are of the cluster other, and worker w1 is of the cluster " +
      "own; name the masters of its own cluster by --masters, or let it join this one, then start it again",
  );
});

test("what may pass is waited for, and not without end", () => {
  for (const code of ["UNAVAILABLE", "DEADLINE", "NOT_LEADER", "LIMIT_EXCEEDED"] as const) {
    expect(told(code, registrationMsMax - 1)).toBe("asks again");
    expect(told(code, registrationMsMax)).toMatch(
      /^[A-Z_]+: worker w1 was not taken in for 60 minutes, .* the master's words; start it again when/,
    );
  }
});
