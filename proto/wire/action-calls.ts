// Running one action over the wire, as every driver does it: start it, wait for its outcome.

import { EngineError } from "../errors.ts";
import { shortPollMs, shortPollReplyMs } from "../limits/rpc.ts";
import type { ActionAnswer, ActionOutcome } from "../plan/bundle.ts";
import { firstDifference } from "../plan/digest.ts";
import { decodeValue } from "../plan/values.ts";
import type { LeaderCalls } from "../ports/leader.ts";
import type { WaitActionReply } from "./generated/engine.ts";
import { clientApi } from "./methods.ts";

export interface DriverLease {
  readonly jobId: string;
  readonly driverToken: number;
}

/** From the leader's own encoding of an outcome. */
export function decodeOutcome(json: string): ActionOutcome {
  return decodeValue(json) as ActionOutcome;
}

/**
 * Starts the action (a repeat of one already started is harmless) and waits for its outcome, or until it has to be
 * planned again.
 * Rejects with LEASE_LOST when another driver took the job over, JOB_CANCELLED when it was cancelled,
 * and with whatever `onProgress` throws, which so ends the wait.
 */
export async function runActionOverWire(
  leader: LeaderCalls,
  lease: DriverLease,
  graph: { readonly actionIndex: number; readonly json: string },
  onProgress: (reply: WaitActionReply) => void = () => {},
): Promise<ActionAnswer> {
  const { jobId, driverToken } = lease;
  const start = { jobId, driverToken, graphJson: graph.json };
  const { revision } = await leader.call(clientApi.startAction, start);
  let knownRevision = revision;
  for (;;) {
    const request = { jobId, actionIndex: graph.actionIndex, knownRevision, waitMs: shortPollMs };
    const reply = await leader.call(clientApi.waitAction, request, {
      timeoutMs: shortPollMs + shortPollReplyMs,
    });
    onProgress(reply);
    if (reply.outcomeJson !== "") return decodeValue(reply.outcomeJson) as ActionAnswer;
    knownRevision = reply.revision;
  }
}

/**
 * The outcome of an action that already ended for this job, if it did.
 * Rejects with PLAN_DIVERGED when the earlier run of the driver planned something else there.
 */
export async function recordedOutcomeOverWire(
  leader: LeaderCalls,
  jobId: string,
  action: { readonly index: number; readonly planDigest: string },
): Promise<ActionOutcome | undefined> {
  const { index, planDigest } = action;
  const request = { jobId, begin: index, end: index + 1 };
  const reply = await leader.call(clientApi.getHistory, request);
  const json = reply.outcomeJson[0];
  if (json === undefined || json === "") return undefined;
  const difference = firstDifference(reply.planDigest[0] ?? planDigest, planDigest);
  if (difference === undefined) return decodeOutcome(json);
  throw new EngineError(
    "PLAN_DIVERGED",
    `action ${index} of job ${jobId} differs from an earlier run of its driver: ${difference}; ` +
      "run() has to do the same each time",
  );
}
