// What clients and drivers ask of the leader: jobs, actions, and how they are doing.

import { EngineError } from "../../proto/errors.ts";
import { rpcMessageBytesMax } from "../../proto/limits/rpc.ts";
import { actionsPerJobMax } from "../../proto/limits.ts";
import type { ActionAnswer, ActionOutcome } from "../../proto/plan/bundle.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import { bind, type RpcBinding } from "../../proto/ports/rpc.ts";
import type * as wire from "../../proto/wire/generated/engine.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { ClusterView } from "../../proto/wire/views.ts";
import { isUnplanned } from "../scheduler/actions.ts";
import { needDriver } from "../scheduler/drivers.ts";
import { needJob } from "../scheduler/find.ts";
import { keptNames } from "../scheduler/kept.ts";
import type { ActionState, ClusterState, JobState } from "../scheduler/state.ts";
import { viewJob, viewProgress, viewWorkers } from "../scheduler/views.ts";
import type { ApiCore } from "./core.ts";
import * as decode from "./decode-client.ts";
import { jobId as decodeJobId, integer, token, waitMs } from "./fields.ts";
import { bindLocks } from "./locks.ts";
import { ask } from "./replies.ts";
import { createWaiting, type Waiting } from "./waiting.ts";

const roles = ["client", "node"] as const;

export function bindClients(core: ApiCore): RpcBinding[] {
  const waiting = createWaiting(core);
  return [
    ...bindJobs(core),
    ...bindDriving(core),
    ...bindWatching(core, waiting),
    ...bindLocks(core, waiting),
  ];
}

function bindJobs(core: ApiCore): RpcBinding[] {
  return [
    bind(clientApi.putBundle, roles, async (request) => {
      const command = decode.decodePutBundle(request);
      const found = core.sha256Hex(request.code);
      if (found !== command.sha256) {
        throw new EngineError(
          "BUNDLE_HASH_MISMATCH",
          `the uploaded bundle has SHA-256 ${found}, it was announced as ${command.sha256}; ` +
            "upload it again",
        );
      }
      // Nothing is logged for a bundle that is here and in use.
      const known = (await core.readState()).bundles.get(command.sha256);
      if (known === undefined || known.users === 0) await ask(core, command, "ok");
      return {};
    }),
    bind(clientApi.submit, roles, async (request) => {
      const { driverToken } = await ask(core, decode.decodeSubmit(request), "submitted");
      return { driverToken };
    }),
    bind(clientApi.cancelJob, roles, async (request) => {
      const { state } = await ask(core, decode.decodeCancelJob(request), "cancelled");
      return { state };
    }),
  ];
}

function bindDriving(core: ApiCore): RpcBinding[] {
  return [
    bind(clientApi.startAction, roles, async (request) => {
      const command = decode.decodeStartAction(request);
      const job = needJob(await core.readState(), command.jobId);
      const output = command.graph.stages.at(-1)?.output;
      // An action that is known already may have committed this very output.
      if (output?.kind === "output" && !job.actions.has(command.graph.actionIndex)) {
        needDriver(job, command.driverToken);
        await refuseExisting(core, output.folderUri);
      }
      await ask(core, command, "ok");
      const action = core.leaderState().jobs.get(job.jobId)?.actions.get(command.graph.actionIndex);
      return { revision: action?.revision ?? 0 };
    }),
    bind(clientApi.renewDriver, roles, async (request) => {
      const { held } = await ask(core, decode.decodeRenewDriver(request), "driver");
      return { held };
    }),
    bind(clientApi.finishJob, roles, async (request) => {
      await ask(core, decode.decodeFinishJob(request), "ok");
      return {};
    }),
  ];
}

async function refuseExisting(core: ApiCore, folderUri: string): Promise<void> {
  if (!(await core.outputCommitted(folderUri))) return;
  throw new EngineError(
    "OUTPUT_EXISTS",
    `${folderUri} already holds a committed output; choose another folder, or remove it first`,
    { file: folderUri },
  );
}

function bindWatching(core: ApiCore, waiting: Waiting): RpcBinding[] {
  return [
    bind(clientApi.waitAction, roles, (request) => waitAction(core, waiting, request)),
    bind(clientApi.getJob, roles, (request) => getJob(core, waiting, request)),
    bind(clientApi.getHistory, roles, (request) => getHistory(core, request)),
    bind(clientApi.listJobs, roles, async (request) => {
      const limit = integer("limit", request.limit, 0, 2 ** 32 - 1);
      const jobs = [...(await core.readState()).jobs.values()].reverse();
      return { jobJson: listJobs(jobs.slice(0, limit)) };
    }),
    bind(clientApi.clusterStatus, roles, async () => {
      return { statusJson: JSON.stringify(viewCluster(core, await core.readState())) };
    }),
  ];
}

/** Newest first, as many as one message holds. */
function listJobs(jobs: readonly JobState[]): string[] {
  const views: string[] = [];
  let chars = 0;
  for (const job of jobs) {
    const view = JSON.stringify(viewJob(job));
    chars += view.length;
    if (chars > rpcMessageBytesMax / 4) break;
    views.push(view);
  }
  return views;
}

function viewCluster(core: ApiCore, state: ClusterState): ClusterView {
  return {
    clusterId: core.clusterId,
    ...core.masters(),
    appliedIndex: state.appliedIndex,
    workers: viewWorkers(state),
    jobsRunning: state.live.size,
    jobsEnded: state.jobs.size - state.live.size,
  };
}

async function waitAction(
  core: ApiCore,
  waiting: Waiting,
  request: wire.WaitActionRequest,
): Promise<wire.WaitActionReply> {
  const jobId = decodeJobId("job_id", request.jobId);
  const actionIndex = integer("action_index", request.actionIndex, 0, actionsPerJobMax - 1);
  const known = token("known_revision", request.knownRevision);
  await core.readState();
  const found = () => {
    const job = needJob(core.leaderState(), jobId);
    return { job, action: needAction(job, actionIndex) };
  };
  return waiting.until(
    waitMs(request.waitMs),
    () => (isActionNews(found().action, known) ? actionMessage(found()) : undefined),
    () => actionMessage(found()),
  );
}

/** Nothing more will come of an action that is over, or that waits for its driver. */
function isActionNews(action: ActionState, knownRevision: number): boolean {
  const isOver = action.phase.kind === "ended" || isUnplanned(action);
  return action.revision !== knownRevision || isOver;
}

function needAction(job: JobState, actionIndex: number): ActionState {
  const action = job.actions.get(actionIndex);
  if (action === undefined) {
    const message = `job ${job.jobId} has not started action ${actionIndex}; start it first`;
    throw new EngineError("JOB_NOT_FOUND", message);
  }
  return action;
}

interface FoundAction {
  readonly job: JobState;
  readonly action: ActionState;
}

function actionMessage({ job, action }: FoundAction): wire.WaitActionReply {
  const outcome: ActionAnswer | undefined = isUnplanned(action)
    ? { kind: "unplanned", kept: keptNames(job) }
    : outcomeOf(job, action);
  return {
    revision: action.revision,
    stages: viewProgress(action).map(({ reruns: _, ...stage }) => stage),
    outcomeJson: outcome === undefined ? "" : encodeValue(outcome),
  };
}

/**
 * Results are dropped with the end of their job: then there is an error to give, never an empty
 * result.
 */
function outcomeOf(job: JobState, action: ActionState): ActionOutcome | undefined {
  if (action.phase.kind !== "ended") return undefined;
  const { outcome } = action.phase;
  if (outcome.kind !== "result" || job.phase.kind !== "ended") return outcome;
  throw new EngineError(
    "LEASE_LOST",
    `job ${job.jobId} has ended; the result of its action ${action.actionIndex} is not kept`,
  );
}

async function getJob(
  core: ApiCore,
  waiting: Waiting,
  request: wire.GetJobRequest,
): Promise<wire.GetJobReply> {
  const jobId = decodeJobId("job_id", request.jobId);
  const known = token("known_revision", request.knownRevision);
  await core.readState();
  const found = () => needJob(core.leaderState(), jobId);
  const reply = (job: JobState) => ({ jobJson: JSON.stringify(viewJob(job)) });
  return waiting.until(
    waitMs(request.waitMs),
    () => (isNews(found(), known) ? reply(found()) : undefined),
    () => reply(found()),
  );
}

/** Nothing more will come of an ended job. */
function isNews(job: JobState, knownRevision: number): boolean {
  return job.revision !== knownRevision || job.phase.kind === "ended";
}

/** Replays only ask for actions before one that runs. */
async function getHistory(
  core: ApiCore,
  request: wire.GetHistoryRequest,
): Promise<wire.GetHistoryReply> {
  const jobId = decodeJobId("job_id", request.jobId);
  const end = integer("end", request.end, 0, actionsPerJobMax);
  const begin = integer("begin", request.begin, 0, end);
  const job = needJob(await core.readState(), jobId);
  const reply: wire.GetHistoryReply = { outcomeJson: [], planDigest: [] };
  for (let actionIndex = begin; actionIndex < end; actionIndex++) {
    const action = job.actions.get(actionIndex);
    const outcome = action === undefined ? undefined : outcomeOf(job, action);
    reply.outcomeJson.push(outcome === undefined ? "" : encodeValue(outcome));
    reply.planDigest.push(action?.planDigest ?? "");
  }
  return reply;
}
