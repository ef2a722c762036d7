// Requests of workers, checked and turned into commands.

import { raftEntryBytesMax } from "../../proto/limits/raft.ts";
import {
  actionResultBytesMax,
  actionsPerJobMax,
  countersPerTaskMax,
  driversPerWorkerMax,
  heldJobsMax,
  labelCharsMax,
  partitionsPerShuffleMax,
  reportsPerCallMax,
  stagesPerActionMax,
  tasksAheadMax,
  tasksPerStageMax,
  uploadsPerTaskMax,
  uriCharsMax,
  workerSlotsMax,
  workerWeightMax,
} from "../../proto/limits.ts";
import type { CounterValues } from "../../proto/plan/bundle.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import type * as wire from "../../proto/wire/generated/engine.ts";
import type { Command, LeaseReport, RenewedLease, ReportOutcome } from "../scheduler/commands.ts";
import { decodeErrorRecord } from "./decode-error.ts";
import {
  count,
  incarnation,
  integer,
  invalid,
  items,
  jobId,
  json,
  list,
  object,
  text,
  token,
  waitMs,
  workerId,
} from "./fields.ts";

type Of<Kind extends Command["kind"]> = Extract<Command, { kind: Kind }>;

const digestCharsMax = 1000;
const uploadIdCharsMax = 4000;
/** S3 takes at most this many parts. */
const uploadPartsMax = 10_000;

export function decodeRegister(request: wire.RegisterRequest): Of<"registerWorker"> {
  const dataAddress = text("data_address", request.dataAddress, 300);
  if (!/^\S+:\d{1,5}$/.test(dataAddress)) invalid("data_address", "must be host:port");
  return {
    kind: "registerWorker",
    workerId: workerId("worker_id", request.workerId),
    incarnation: incarnation("incarnation", request.incarnation),
    dataAddress,
    slots: integer("slots", request.slots, 1, workerSlotsMax),
    weight: integer("weight", request.weight, 1, workerWeightMax),
    replaces: request.replaces === "" ? undefined : incarnation("replaces", request.replaces),
  };
}

export function decodePoll(request: wire.PollRequest) {
  return {
    workerId: workerId("worker_id", request.workerId),
    incarnation: incarnation("incarnation", request.incarnation),
    freeSlots: integer("free_slots", request.freeSlots, 0, workerSlotsMax),
    freeDriverSlots: integer("free_driver_slots", request.freeDriverSlots, 0, driversPerWorkerMax),
    freeAhead: integer("free_ahead", request.freeAhead, 0, tasksAheadMax),
    waitMs: waitMs(request.waitMs),
  };
}

export function decodeRenew(request: wire.RenewRequest): Of<"renew"> {
  items("tasks", request.tasks, 2 * workerSlotsMax);
  items("drivers", request.drivers, driversPerWorkerMax);
  items("held_jobs", request.heldJobs, heldJobsMax);
  return {
    kind: "renew",
    workerId: workerId("worker_id", request.workerId),
    incarnation: incarnation("incarnation", request.incarnation),
    tasks: request.tasks.map(decodeRenewedTask),
    drivers: request.drivers.map((driver, i) => ({
      jobId: jobId(`drivers[${i}].job_id`, driver.jobId),
      token: token(`drivers[${i}].token`, driver.token),
    })),
    heldJobs: request.heldJobs.map((held, i) => jobId(`held_jobs[${i}]`, held)),
  };
}

interface WireTaskRef {
  readonly jobId: string;
  readonly actionIndex: number;
  readonly stageId: number;
  readonly taskIndex: number;
  readonly token: number;
}

function decodeTaskRef(at: string, plain: WireTaskRef) {
  return {
    jobId: jobId(`${at}.job_id`, plain.jobId),
    actionIndex: integer(`${at}.action_index`, plain.actionIndex, 0, actionsPerJobMax - 1),
    stageId: integer(`${at}.stage_id`, plain.stageId, 0, stagesPerActionMax - 1),
    taskIndex: integer(`${at}.task_index`, plain.taskIndex, 0, tasksPerStageMax - 1),
    token: token(`${at}.token`, plain.token),
  };
}

function decodeRenewedTask(task: wire.RenewedTask, i: number): RenewedLease {
  return {
    ...decodeTaskRef(`tasks[${i}]`, task),
    progress: count(`tasks[${i}].progress`, task.progress),
    rows: count(`tasks[${i}].rows`, task.rows),
    bytes: count(`tasks[${i}].bytes`, task.bytes),
  };
}

export function decodeReport(request: wire.ReportRequest): Of<"report"> {
  items("reports", request.reports, reportsPerCallMax);
  // Its incarnation is not asked for: the token of a lease says it all, also when the worker is
  // lost by now.
  incarnation("incarnation", request.incarnation);
  return {
    kind: "report",
    workerId: workerId("worker_id", request.workerId),
    reports: request.reports.map(decodeTaskReport),
  };
}

function decodeTaskReport(report: wire.TaskReport, i: number): LeaseReport {
  const at = `reports[${i}]`;
  return { ...decodeTaskRef(at, report), outcome: decodeOutcome(at, report.outcome) };
}

function decodeOutcome(at: string, outcome: wire.TaskReport["outcome"]): ReportOutcome {
  switch (outcome?.$case) {
    case "done":
      return decodeDone(`${at}.done`, outcome.value);
    case "failed": {
      const error = decodeErrorRecord(`${at}.failed.error_json`, outcome.value.errorJson);
      return { kind: "failed", error };
    }
    default:
      return invalid(`${at}.outcome`, "must be done or failed");
  }
}

function decodeDone(at: string, done: wire.TaskDone): ReportOutcome {
  const tooLarge = resultTooLarge(done.resultJson);
  if (tooLarge !== undefined) return tooLarge;
  return {
    kind: "done",
    rows: count(`${at}.rows_in`, done.rowsIn),
    bytes: count(`${at}.bytes_in`, done.bytesIn),
    rowsOut: count(`${at}.rows_out`, done.rowsOut),
    bytesOut: count(`${at}.bytes_out`, done.bytesOut),
    digest: text(`${at}.digest`, done.digest, digestCharsMax),
    ...decodePartitionBytes(`${at}.partition_bytes`, done.partitionBytes),
    ...(done.resultJson === "" ? {} : { resultJson: done.resultJson }),
    ...decodeCounters(`${at}.counters`, done.counters),
    ...(done.uploadJson === ""
      ? {}
      : { uploads: decodeUploads(`${at}.upload_json`, done.uploadJson) }),
  };
}

function decodePartitionBytes(at: string, bytes: readonly number[]) {
  items(at, bytes, partitionsPerShuffleMax);
  if (bytes.length === 0) return {};
  return { partitionBytes: bytes.map((size, i) => count(`${at}[${i}]`, size)) };
}

/** Sorted by name, so that equal counts are equal text. */
function decodeCounters(
  at: string,
  counters: Readonly<Record<string, number>>,
): { readonly counters?: CounterValues } {
  const names = Object.keys(counters).sort((a, b) => (a < b ? -1 : 1));
  if (names.length === 0) return {};
  if (names.length > countersPerTaskMax) {
    invalid(at, `has ${names.length} names; at most ${countersPerTaskMax} are counted`);
  }
  return {
    counters: names.map((name) => {
      const value = counters[name]!;
      if (!Number.isFinite(value)) invalid(`${at}.${name}`, `is ${value}, which is no number`);
      return [text(`${at} name`, name, labelCharsMax), value] as const;
    }),
  };
}

/** A result too large is the job's failure, not a malformed message: the job must hear of it. */
function resultTooLarge(resultJson: string): ReportOutcome | undefined {
  // Inside a log entry quotes are escaped once more, and the entry has to hold it.
  const entryBytes =
    resultJson.length * 2 < raftEntryBytesMax / 2
      ? 0
      : Buffer.byteLength(JSON.stringify(resultJson));
  const bytes = Buffer.byteLength(resultJson);
  if (bytes <= actionResultBytesMax && entryBytes <= raftEntryBytesMax - 64 * 1024) {
    return undefined;
  }
  const message =
    `one task alone returned ${bytes} bytes; an action may collect about ` +
    `${actionResultBytesMax}: write large results to an output folder`;
  const details = { limitBytes: actionResultBytesMax, peakBytes: bytes };
  return { kind: "failed", error: { code: "RESULT_TOO_LARGE", message, details } };
}

function decodeUploads(at: string, uploadJson: string): readonly TaskUpload[] {
  const uploads = list(at, json(at, uploadJson));
  items(at, uploads, uploadsPerTaskMax);
  return uploads.map((upload, index) => decodeUpload(`${at}[${index}]`, upload));
}

function decodeUpload(at: string, upload: unknown): TaskUpload {
  const plain = object(at, upload);
  const etags = list(`${at}.etags`, plain.etags);
  items(`${at}.etags`, etags, uploadPartsMax);
  return {
    uri: text(`${at}.uri`, plain.uri, uriCharsMax),
    uploadId: text(`${at}.uploadId`, plain.uploadId, uploadIdCharsMax),
    etags: etags.map((etag, i) => text(`${at}.etags[${i}]`, etag, digestCharsMax)),
    sizeBytes: count(`${at}.sizeBytes`, plain.sizeBytes),
    rows: count(`${at}.rows`, plain.rows),
    digest: text(`${at}.digest`, plain.digest, digestCharsMax),
  };
}
