// Text of `millrace status`: the cluster with its jobs, or one job with its actions and stages.

import { fromErrorRecord } from "../../proto/errors.ts";
import type {
  ActionView,
  ClusterView,
  JobView,
  MasterView,
  StageView,
  WorkerView,
} from "../../proto/wire/views.ts";
import { describeFailure } from "./failures.ts";
import { shortFolder } from "./job-result.ts";
import { formatBytes } from "./progress.ts";
import { tableText } from "./table-text.ts";

function timeText(wallMs: number): string {
  return `${new Date(wallMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `2/3 actions` of a job that goes on, `3 actions` of one that ended. */
function actionsText(job: JobView): string {
  const ended = job.actions.filter((action) => action.state === "succeeded").length;
  const all = job.actions.length;
  return job.state === "succeeded" ? `${all} actions` : `${ended}/${all} actions`;
}

/** As of the leader: the part of each, and how far its log is behind. */
export function mastersTable(masters: readonly MasterView[]): string {
  return tableText(
    masters.map(({ masterId, address, role, matchIndex, lagEntries, isHeard, replaces }) => [
      masterId,
      address,
      replaces === undefined ? role : `${role}, to replace ${replaces}`,
      `entry ${matchIndex}`,
      lagEntries === 0 ? "" : `${lagEntries} behind`,
      isHeard ? "" : "does not answer",
    ]),
  );
}

const noWorkers = "  none: jobs wait until one registers\n";

/** A worker holds a task more than it has slots, so that the next one is at hand. */
function slotsText({ running, slots }: WorkerView): string {
  const queued = running > slots ? `, ${running - slots} queued` : "";
  return `${Math.min(running, slots)}/${slots} slots busy${queued}`;
}

export function clusterText(cluster: ClusterView, jobs: readonly JobView[]): string {
  const workers = cluster.workers.map((worker) => [
    worker.workerId,
    worker.dataAddress,
    slotsText(worker),
  ]);
  const rows = jobs.map((job) => [
    job.jobId,
    job.name,
    job.state,
    timeText(job.submittedWallMs),
    actionsText(job),
  ]);
  return (
    `cluster ${cluster.clusterId}, term ${cluster.term}, log index ${cluster.appliedIndex}\n` +
    `\nmasters\n${mastersTable(cluster.masters)}` +
    `\nworkers\n${workers.length === 0 ? noWorkers : tableText(workers)}` +
    `\njobs: ${cluster.jobsRunning} running, ${cluster.jobsEnded} ended\n${tableText(rows)}`
  );
}

function stageCells(stage: StageView): string[] {
  const extras: string[] = [];
  if (stage.running > 0) extras.push(`${stage.running} running`);
  if (stage.retries > 0) extras.push(`${stage.retries} retried`);
  if (stage.reruns > 0) extras.push(`${stage.reruns} run again`);
  return [
    `stage ${stage.stageId}`,
    `${stage.done}/${stage.tasks} tasks`,
    stage.label,
    extras.join(", "),
  ];
}

function actionLines(action: ActionView, workingFolder: string): string {
  const { output, error } = action;
  const head = `\naction ${action.actionIndex}: ${action.label}: ${action.state}\n`;
  const stages = tableText(action.stages.map(stageCells));
  const committed =
    output === undefined
      ? ""
      : `  committed ${shortFolder(output.folderUri, workingFolder)}: ${output.rows} rows, ` +
        `${output.files} files, ${formatBytes(output.bytes)}\n`;
  const failure = error === undefined ? "" : `  ${error.code}: ${error.message}\n`;
  return head + stages + committed + failure;
}

export function jobText(job: JobView, workingFolder: string): string {
  const head =
    `job ${job.jobId} (${job.name}): ${job.state}\n` +
    `  submitted ${timeText(job.submittedWallMs)}, driver: ${job.driver}\n`;
  const actions = job.actions.map((action) => actionLines(action, workingFolder)).join("");
  const failure =
    job.error === undefined ? "" : `\n${describeFailure(fromErrorRecord(job.error))}\n`;
  return head + actions + failure;
}
