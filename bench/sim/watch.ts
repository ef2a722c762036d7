// Looks on while a virtual cluster works: what must never happen, and what must have happened.

import { assert } from "../../proto/errors.ts";
import { asJobId, taskName } from "../../proto/ids.ts";
import { manifestName, parseManifest } from "../../proto/plan/manifest.ts";
import type { MemoryBucket } from "../../proto/testing/memory-store.ts";
import {
  type PollReply,
  type ReportReply,
  type ReportRequest,
  Verdict,
} from "../../proto/wire/generated/engine.ts";
import { workerApi } from "../../proto/wire/methods.ts";
import { contentOf, folderOf, graphsOf, outputTasks } from "./workload.ts";

interface Accepted {
  readonly token: number;
  readonly workerId: string;
  /** Disturbances of that worker until the attempt began. */
  readonly troubles: number;
}

export interface Watch {
  onStart(task: string, token: number, workerId: string): void;
  observe(from: string, path: string, request: unknown, reply: unknown): void;
  /** The worker is killed, paused or cut off: what it holds may be given up. */
  trouble(workerId: string): void;
  /** A reader of the outputs looks now. */
  read(bucket: MemoryBucket): void;
  checkCommitted(bucket: MemoryBucket, jobId: string): void;
  /** Attempts that began, by task. */
  readonly runs: ReadonlyMap<string, number>;
  staleReports(): number;
}

const manifestOf = (jobId: string): string => `${folderOf(jobId)}${manifestName}`;
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

function isLastStage(task: string): boolean {
  const [jobId = "", action = "", stage = ""] = task.split("/");
  const stages = graphsOf(jobId)[Number(action.slice(1))]?.stages ?? [];
  return Number(stage.slice(1)) === stages.length - 1;
}

export function createWatch(jobIds: readonly string[]): Watch {
  const accepted = new Map<string, Accepted>();
  /** The newest token by task. */
  const granted = new Map<string, number>();
  const troubles = new Map<string, number>();
  const runs = new Map<string, number>();
  /** Troubles of its worker when an attempt began. */
  const begun = new Map<string, number>();
  const manifests = new Map<string, string>();
  let stale = 0;
  const troublesOf = (workerId: string): number => troubles.get(workerId) ?? 0;

  /** Finished work is repeated only where it was lost, and a last stage's never. */
  function onStart(task: string, token: number, workerId: string): void {
    runs.set(task, (runs.get(task) ?? 0) + 1);
    begun.set(`${task}#${token}`, troublesOf(workerId));
    const before = accepted.get(task);
    if (before === undefined || token <= before.token) return;
    const mayBeLost = troublesOf(before.workerId) > before.troubles;
    assert(
      mayBeLost && !isLastStage(task),
      `${task} runs again on ${workerId} with token ${token}, although ${before.workerId} ` +
        `finished it with token ${before.token} and still has its output`,
    );
  }

  function noteGrants(reply: PollReply): void {
    for (const grant of reply.grants) {
      for (const { taskIndex } of grant.tasks) {
        const jobId = asJobId(grant.job?.jobId ?? "");
        const name = taskName({ ...grant, jobId, taskIndex });
        const before = granted.get(name) ?? 0;
        assert(grant.token > before, `${name}: token ${grant.token} after ${before}`);
        granted.set(name, grant.token);
      }
    }
  }

  function noteVerdicts(request: ReportRequest, reply: ReportReply): void {
    for (const [at, report] of request.reports.entries()) {
      if (reply.verdicts[at] !== Verdict.VERDICT_ACCEPTED) {
        stale++;
        continue;
      }
      if (report.outcome?.$case !== "done") continue;
      const { token } = report;
      const { workerId } = request;
      const name = taskName({ ...report, jobId: asJobId(report.jobId) });
      const known = accepted.get(name);
      assert(
        known === undefined || token >= known.token,
        `${name}: token ${token} was accepted after ${known?.token}`,
      );
      if (known?.token === token) continue;
      const newest = granted.get(name) ?? 0;
      assert(token >= newest, `${name}: token ${token} was accepted, ${newest} is the newest`);
      accepted.set(name, { token, workerId, troubles: begun.get(`${name}#${token}`) ?? 0 });
    }
  }

  function read(bucket: MemoryBucket): void {
    for (const jobId of jobIds) {
      const bytes = bucket.objects.get(manifestOf(jobId));
      if (bytes === undefined) {
        assert(!manifests.has(jobId), `the manifest of ${jobId} is gone`);
        continue;
      }
      const text = textOf(bytes);
      const first = manifests.get(jobId) ?? text;
      manifests.set(jobId, first);
      assert(text === first, `the manifest of ${jobId} changed`);
      for (const { name, bytes: size } of parseManifest(text, jobId).files) {
        const found = bucket.objects.get(`${folderOf(jobId)}${name}`);
        assert(found?.length === size, `${name} of ${jobId} is listed but not whole`);
      }
    }
  }

  function checkCommitted(bucket: MemoryBucket, jobId: string): void {
    read(bucket);
    const text = manifests.get(jobId);
    assert(text !== undefined, `${jobId} has no manifest`);
    const { files } = parseManifest(text, jobId);
    assert(files.length === outputTasks, `${jobId} committed ${files.length} files`);
    for (const [index, { name }] of files.entries()) {
      const task = `${jobId}/a1/s2/t${index}`;
      const content = textOf(bucket.objects.get(`${folderOf(jobId)}${name}`));
      assert(content === contentOf(task), `${name} holds ${JSON.stringify(content)}`);
      const token = accepted.get(task)?.token;
      // Unknown where a leader was lost between accepting a report and saying so.
      if (token === undefined) continue;
      assert(name.endsWith(`-${token}.txt`), `${name} is not of the accepted attempt ${token}`);
    }
  }

  return {
    onStart,
    observe: (_from, path, request, reply) => {
      if (path === workerApi.poll.path) noteGrants(reply as PollReply);
      if (path === workerApi.report.path) {
        noteVerdicts(request as ReportRequest, reply as ReportReply);
      }
    },
    trouble: (workerId) => void troubles.set(workerId, troublesOf(workerId) + 1),
    read,
    checkCommitted,
    runs,
    staleReports: () => stale,
  };
}
