// What workers ask of the leader: membership, work, leases, reports.

import {
  type Incarnation,
  type JobId,
  type TaskRef,
  taskName,
  type WorkerId,
} from "../../proto/ids.ts";
import { bind, type RpcBinding } from "../../proto/ports/rpc.ts";
import * as wire from "../../proto/wire/generated/engine.ts";
import { workerApi } from "../../proto/wire/methods.ts";
import { assign, assignDriver } from "../scheduler/assign.ts";
import { needBundle } from "../scheduler/bundles.ts";
import type { Command, LeaseReport, Verdict } from "../scheduler/commands.ts";
import { findWorker, needWorker } from "../scheduler/find.ts";
import type { ApiCore } from "./core.ts";
import { decodePoll, decodeRegister, decodeRenew, decodeReport } from "./decode-worker.ts";
import { sha256 } from "./fields.ts";
import { driverGrantMessage, taskGrantMessage } from "./grant-message.ts";
import { ask } from "./replies.ts";
import { createWaiting } from "./waiting.ts";

const roles = ["node"] as const;
/** Result text in one report command: well below one log entry, also when escaped. */
const reportCharsMax = 4 * 1024 * 1024;

export function bindWorkers(core: ApiCore): RpcBinding[] {
  return [
    bind(workerApi.register, roles, async (request) => {
      const { holder = "" } = await ask(core, decodeRegister(request), "registered");
      return { clusterId: core.clusterId, holder };
    }),
    bind(workerApi.poll, roles, createPoll(core)),
    bind(workerApi.renew, roles, async (request) => {
      const { known, ...lost } = await ask(core, decodeRenew(request), "renewed");
      return {
        known,
        lostTasks: [...lost.lostTasks],
        lostDrivers: [...lost.lostDrivers],
        releasedJobs: [...lost.releasedJobs],
      };
    }),
    bind(workerApi.report, roles, async (request) => {
      const command = decodeReport(request);
      const verdicts: wire.Verdict[] = [];
      for (const reports of inParts(command.reports)) {
        const reply = await ask(core, { ...command, reports }, "verdicts");
        verdicts.push(...reply.verdicts.map(verdictMessage));
      }
      return { verdicts };
    }),
    bind(workerApi.getBundle, roles, async (request) => {
      const hash = sha256("sha256", request.sha256);
      const { codeBase64 } = needBundle(await core.readState(), hash);
      return { code: Buffer.from(codeBase64, "base64") };
    }),
  ];
}

function verdictMessage(verdict: Verdict): wire.Verdict {
  return verdict === "accepted" ? wire.Verdict.VERDICT_ACCEPTED : wire.Verdict.VERDICT_STALE;
}

/** Many reports go as one entry, large ones apart. */
function inParts(reports: readonly LeaseReport[]): LeaseReport[][] {
  const parts: LeaseReport[][] = [];
  let part: LeaseReport[] = [];
  let chars = 0;
  for (const report of reports) {
    const size = reportChars(report);
    if (part.length > 0 && chars + size > reportCharsMax) {
      parts.push(part);
      part = [];
      chars = 0;
    }
    part.push(report);
    chars += size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function reportChars({ outcome }: LeaseReport): number {
  if (outcome.kind === "failed") return 64 * 1024;
  const uploads = outcome.uploads ?? [];
  const etags = uploads.reduce((sum, upload) => sum + upload.etags.length, 0);
  return 1000 + (outcome.resultJson?.length ?? 0) + 1000 * uploads.length + 100 * etags;
}

/**
 * A leader that has just begun may not have applied the registration yet: only a fresh read may
 * deny it.
 */
async function needMember(core: ApiCore, workerId: WorkerId, incarnation: Incarnation) {
  if (findWorker(core.leaderState(), workerId, incarnation) !== undefined) return;
  needWorker(await core.readState(), workerId, incarnation);
}

/**
 * Work for whoever asks: choose on the applied state, log the grant, send what the log confirmed.
 */
function createPoll(core: ApiCore) {
  const waiting = createWaiting(core);
  // Grants under way: chosen, proposed, not yet applied.
  const reservedTasks = new Set<string>();
  const reservedDrivers = new Set<JobId>();
  // A worker has one poll at a time; a newer one means that nobody listens to the older any more.
  const latest = new Map<string, number>();
  let sequence = 0;

  type Poll = ReturnType<typeof decodePoll>;

  async function grantDriver({ workerId, incarnation, freeDriverSlots }: Poll) {
    const jobId = assignDriver(core.leaderState(), freeDriverSlots, reservedDrivers);
    if (jobId === undefined) return undefined;
    reservedDrivers.add(jobId);
    try {
      const command: Command = { kind: "grantDriver", workerId, incarnation, jobId };
      const reply = await core.propose(command);
      // Refused: the job ended or found a driver meanwhile. The next look sees it.
      if (reply.kind !== "driverGranted") return undefined;
      return driverGrantMessage(core.leaderState(), reply.token, jobId);
    } finally {
      reservedDrivers.delete(jobId);
    }
  }

  async function grantTasks({ workerId, incarnation, freeSlots, freeAhead }: Poll) {
    const chosen: readonly TaskRef[] = assign(
      core.leaderState(),
      workerId,
      { slots: freeSlots, ahead: freeAhead },
      reservedTasks,
    );
    if (chosen.length === 0) return undefined;
    const names = chosen.map(taskName);
    for (const name of names) reservedTasks.add(name);
    try {
      const command: Command = { kind: "grantTasks", workerId, incarnation, tasks: chosen };
      const { token, tasks } = await ask(core, command, "granted");
      return taskGrantMessage(core.leaderState(), token, tasks);
    } finally {
      for (const name of names) reservedTasks.delete(name);
    }
  }

  return async (request: wire.PollRequest): Promise<wire.PollReply> => {
    const poll = decodePoll(request);
    const own = ++sequence;
    latest.set(poll.workerId, own);
    try {
      const look = async (): Promise<wire.PollReply | undefined> => {
        await needMember(core, poll.workerId, poll.incarnation);
        if (latest.get(poll.workerId) !== own) return { grants: [], drivers: [] };
        const driver = await grantDriver(poll);
        if (driver !== undefined) return { grants: [], drivers: [driver] };
        const grant = await grantTasks(poll);
        return grant === undefined ? undefined : { grants: [grant], drivers: [] };
      };
      return await waiting.until(poll.waitMs, look, () => ({ grants: [], drivers: [] }));
    } finally {
      if (latest.get(poll.workerId) === own) latest.delete(poll.workerId);
    }
  };
}
