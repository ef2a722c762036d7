// Looks on while a virtual cluster works: what must never happen to tasks and outputs, and what did.

import type { ClusterState } from "../../master/scheduler/state.ts";
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
import type { JobView } from "../../proto/wire/views.ts";
import { resultOf } from "./executor.ts";
import { textOf } from "./rows.ts";
import { expectedRows, folderOf, type SimulatedJob } from "./workload.ts";

interface Accepted {
  readonly token: number;
  readonly workerId: string;
  readonly incarnation: string;
}

export interface JobWatch {
  onStart(task: string, token: number, workerId: string): void;
  observe(from: string, path: string, request: unknown, reply: unknown): void;
  /** A reader could not have this sealed output, and may have it given up. */
  lost(block: string): void;
  /** A reader of the outputs looks now. */
  read(bucket: MemoryBucket): void;
  /** After the job has ended: its outputs and its result are the oracle's, or not there at all. */
  checkEnd(bucket: MemoryBucket, jobId: string, view: JobView): void;
  /** Attempts that began, by task. */
  readonly runs: ReadonlyMap<string, number>;
  staleReports(): number;
}

const decode = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

const sourceOf = (row: string): string => row.slice(0, row.lastIndexOf("."));
const tokenOf = (row: string): string => row.slice(row.lastIndexOf("#"));
const withoutToken = (row: string): string => row.replace(/#\d+$/, "");

export function createJobWatch(
  jobs: ReadonlyMap<string, SimulatedJob>,
  newest: () => ClusterState | undefined,
  isOver: (incarnation: string) => boolean,
  wasAccepted: (task: string, token: number) => boolean,
): JobWatch {
  const accepted = new Map<string, Accepted>();
  /** The newest token by task. */
  const granted = new Map<string, number>();
  /** Sealed outputs, each `task#token`. */
  const lost = new Set<string>();
  const runs = new Map<string, number>();
  /** By folder. */
  const manifests = new Map<string, string>();
  const folders: { readonly job: SimulatedJob; readonly at: number; readonly uri: string }[] = [];
  let stale = 0;

  function isLastStage(task: string): boolean {
    const [jobId = "", action = "", stage = ""] = task.split("/");
    const stages = jobs.get(jobId)?.graphs[Number(action.slice(1))]?.stages ?? [];
    return Number(stage.slice(1)) === stages.length - 1;
  }

  /**
   * Finished work is repeated only where it was lost: its worker was given up, for which leases have rules of
   * their own, or a reader could not have this very output. A last stage's never is.
   */
  function onStart(task: string, token: number, workerId: string): void {
    runs.set(task, (runs.get(task) ?? 0) + 1);
    const before = accepted.get(task);
    if (before === undefined || token <= before.token) return;
    const isLost = lost.has(`${task}#${before.token}`) || isOver(before.incarnation);
    assert(
      isLost && !isLastStage(task),
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
      const { workerId, incarnation } = request;
      const name = taskName({ ...report, jobId: asJobId(report.jobId) });
      const newestToken = Math.max(granted.get(name) ?? 0, accepted.get(name)?.token ?? 0);
      // A leader that was cut off tells late what the log had decided, before there was a newer attempt.
      assert(
        token >= newestToken || wasAccepted(name, token),
        `${name}: token ${token} was accepted, ${newestToken} is the newest`,
      );
      if (token <= (accepted.get(name)?.token ?? 0)) continue;
      accepted.set(name, { token, workerId, incarnation });
    }
  }

  function foldersOf(): typeof folders {
    if (folders.length > 0) return folders;
    for (const job of jobs.values()) {
      for (const [at, graph] of job.graphs.entries()) {
        if (graph.stages.at(-1)?.output.kind !== "output") continue;
        folders.push({ job, at, uri: folderOf(job.jobId, at) });
      }
    }
    return folders;
  }

  function read(bucket: MemoryBucket): void {
    for (const { job, at, uri } of foldersOf()) {
      const bytes = bucket.objects.get(`${uri}${manifestName}`);
      const first = manifests.get(uri);
      if (bytes === undefined) {
        assert(first === undefined, `the manifest in ${uri} is gone`);
        continue;
      }
      const text = decode(bytes);
      assert((first ?? text) === text, `the manifest in ${uri} changed`);
      if (first !== undefined) continue;
      manifests.set(uri, text);
      checkVisible(bucket, job, at, uri);
    }
  }

  /** The moment an output appears: it is whole, and the log had decided on it. */
  function checkVisible(bucket: MemoryBucket, job: SimulatedJob, at: number, uri: string): void {
    const state = newest()?.jobs.get(asJobId(job.jobId));
    const phase = state?.actions.get(at)?.phase.kind;
    const isDecided = phase === "committing" || phase === "ended";
    assert(isDecided, `${uri} is visible while its action is ${phase}`);
    for (const { name, bytes: size } of parseManifest(manifests.get(uri)!, job.jobId).files) {
      const found = bucket.objects.get(`${uri}${name}`);
      assert(found?.length === size, `${name} in ${uri} is listed but not whole`);
    }
  }

  function checkOutput(bucket: MemoryBucket, job: SimulatedJob, at: number, uri: string): void {
    const { files } = parseManifest(manifests.get(uri)!, job.jobId);
    const expected = expectedRows(job, at);
    const texts = files.map(({ name }) => decode(bucket.objects.get(`${uri}${name}`)));
    // How many tasks read its partitions depends on their sizes, and these on the attempts.
    if (job.isNondeterministic) return checkOneAttemptEach(uri, texts, expected);
    assert(files.length === expected.length, `${uri} has ${files.length} files`);
    const stageId = job.graphs[at]!.stages.length - 1;
    for (const [index, { name }] of files.entries()) {
      const isRight = texts[index] === textOf(expected[index]!);
      assert(isRight, `${name} in ${uri} holds ${JSON.stringify(texts[index])}`);
      const token = accepted.get(`${job.jobId}/a${at}/s${stageId}/t${index}`)?.token;
      // Unknown where a leader was lost between accepting a report and saying so.
      if (token === undefined) continue;
      assert(name.endsWith(`-${token}.txt`), `${name} is not of the accepted attempt ${token}`);
    }
  }

  /** Whatever the attempts gave: the rows of exactly one attempt of each source, each once. */
  function checkOneAttemptEach(
    uri: string,
    texts: readonly string[],
    expected: readonly (readonly string[])[],
  ): void {
    const rows = texts.flatMap((text) => text.split("\n").filter((row) => row !== ""));
    const tokens = new Map<string, string>();
    for (const row of rows) {
      const source = sourceOf(row);
      const token = tokens.get(source) ?? tokenOf(row);
      tokens.set(source, token);
      assert(tokenOf(row) === token, `${uri} mixes attempts ${token} and ${row}`);
    }
    const found = rows.map(withoutToken).sort().join("\n");
    const wanted = expected.flat().map(withoutToken).sort().join("\n");
    assert(found === wanted, `${uri} holds other rows than one attempt of each task gave`);
  }

  function checkEnd(bucket: MemoryBucket, jobId: string, view: JobView): void {
    read(bucket);
    const job = jobs.get(jobId)!;
    const isSuccess = view.state === "succeeded";
    for (const { at, uri } of foldersOf().filter((one) => one.job === job)) {
      if (manifests.has(uri)) checkOutput(bucket, job, at, uri);
      else assert(!isSuccess, `${jobId} succeeded without its output in ${uri}`);
    }
    if (!isSuccess || job.isNondeterministic) return;
    const results = [...job.graphs.entries()].flatMap(([at, graph]) => {
      if (graph.stages.at(-1)?.output.kind !== "result") return [];
      return [expectedRows(job, at).map((rows) => JSON.stringify(textOf(rows)))];
    });
    const wanted = resultOf(results);
    assert(view.resultJson === wanted, `${jobId} answers ${view.resultJson}, not ${wanted}`);
  }

  return {
    onStart,
    observe: (_from, path, request, reply) => {
      if (path === workerApi.poll.path) noteGrants(reply as PollReply);
      if (path === workerApi.report.path) {
        noteVerdicts(request as ReportRequest, reply as ReportReply);
      }
    },
    lost: (block) => void lost.add(block),
    ...{ read, checkEnd, runs },
    staleReports: () => stale,
  };
}
