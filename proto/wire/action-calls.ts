// Running one action over the wire, as every driver does it: start it, wait for its outcome.

import { longPollMs, rpcTimeoutMs } from "../limits.ts";
import type { ActionOutcome } from "../plan/bundle.ts";
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
 * Starts the action (a repeat of one already started is harmless) and waits for its outcome.
 * Rejects with LEASE_LOST when another driver took the job over, JOB_CANCELLED when it was cancelled.
 */
export async function runActionOverWire(
  leader: LeaderCalls,
  lease: DriverLease,
  graph: { readonly actionIndex: number; readonly json: string },
  onProgress: (reply: WaitActionReply) => void = () => {},
): Promise<ActionOutcome> {
  const { jobId, driverToken } = lease;
  await leader.call(clientApi.startAction, { jobId, driverToken, graphJson: graph.json });
  let knownRevision = 0;
  for (;;) {
    const request = { jobId, actionIndex: graph.actionIndex, knownRevision, waitMs: longPollMs };
    const reply = await leader.call(clientApi.waitAction, request, {
      timeoutMs: longPollMs + rpcTimeoutMs,
    });
    onProgress(reply);
    if (reply.outcomeJson !== "") return decodeOutcome(reply.outcomeJson);
    knownRevision = reply.revision;
  }
}

/** The outcome of an action that already ended for this job, if it did. */
export async function recordedOutcomeOverWire(
  leader: LeaderCalls,
  jobId: string,
  actionIndex: number,
): Promise<ActionOutcome | undefined> {
  const request = { jobId, historyEnd: actionIndex + 1, knownRevision: 0, waitMs: 0 };
  const reply = await leader.call(clientApi.getJob, request);
  const json = reply.historyJson[actionIndex];
  return json === undefined || json === "" ? undefined : decodeOutcome(json);
}
