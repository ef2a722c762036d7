// The scheduler's one entrance: a committed command changes the state and gives a reply.

import { assert, EngineError, unreachable } from "../../proto/errors.ts";
import { startAction } from "./actions.ts";
import { putBundle } from "./bundles.ts";
import type { Command, CommandReply } from "./commands.ts";
import { actionCommitFailed, actionCommitted, actionSwept } from "./commits.ts";
import { grantDriver, renewDriver } from "./drivers.ts";
import { cancelJob, finishJob, submitJob } from "./jobs.ts";
import { grantTasks } from "./leases.ts";
import { grantFreedLocks } from "./lock-steps.ts";
import { acquireLock, releaseLock, renewLock } from "./locks.ts";
import { report } from "./reports.ts";
import type { ClusterState } from "./state.ts";
import { tick } from "./ticks.ts";
import { registerWorker, renewWorker } from "./workers.ts";

/**
 * Changes `state` in place. Equal states and commands give equal states and replies on every
 * replica.
 */
export function apply(state: ClusterState, index: number, command: Command): CommandReply {
  assert(
    index > state.appliedIndex,
    `entry ${index} applied after entry ${state.appliedIndex}: entries go in order, each once`,
  );
  state.appliedIndex = index;
  try {
    const reply = run(state, command);
    grantFreedLocks(state);
    return reply;
  } catch (thrown) {
    // Refusals are thrown before anything changes; a broken invariant ends the process.
    if (!(thrown instanceof EngineError)) throw thrown;
    const { code, message, details } = thrown;
    return { kind: "error", error: { code, message, details } };
  }
}

function run(state: ClusterState, command: Command): CommandReply {
  switch (command.kind) {
    case "tick":
      return tick(state, command.term);
    case "putBundle":
      return putBundle(state, command.sha256, command.codeBase64);
    case "submitJob":
      return submitJob(state, command);
    case "startAction":
      return startAction(state, command.jobId, command.driverToken, command.graph);
    case "renewDriver":
      return renewDriver(state, command.jobId, command.driverToken);
    case "finishJob":
      return finishJob(state, command.jobId, command.driverToken, command.end);
    case "cancelJob":
      return cancelJob(state, command.jobId, command.reason);
    case "registerWorker":
      return registerWorker(state, command);
    case "grantTasks":
      return grantTasks(state, command);
    case "grantDriver":
      return grantDriver(state, command.workerId, command.incarnation, command.jobId);
    case "renew":
      return renewWorker(state, command);
    case "report":
      return report(state, command.workerId, command.reports);
    case "actionCommitted":
      return actionCommitted(state, command.jobId, command.actionIndex);
    case "actionCommitFailed":
      return actionCommitFailed(state, command.jobId, command.actionIndex, command.error);
    case "actionSwept":
      return actionSwept(state, command.jobId, command.actionIndex);
    case "acquireLock":
      return acquireLock(state, command);
    case "renewLock":
      return renewLock(state, command);
    case "releaseLock":
      return releaseLock(state, command);
    default:
      return unreachable(command);
  }
}
