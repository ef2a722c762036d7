// A cluster of real processes as a test sees and strikes it while jobs run. It asks by one connection: a command for
// each look would take the cores from the jobs.

import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { onTestFinished } from "vitest";
import { clientApi } from "../../../proto/wire/methods.ts";
import type { ClusterView, JobView } from "../../../proto/wire/views.ts";
import { jobView, jobViews } from "../../../sdk/client/follow-job.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../../cluster/local-cluster.ts";
import { connectLeader } from "../../micro/api-calls.ts";
import type { Minio } from "../../minio/server.ts";
import {
  type CommandResult,
  runCommand,
  type StartedCommand,
  startCommand,
} from "./command-line.ts";

/** Looks at a job, and how long a test waits for what it looks for: a crowded machine is slow. */
const lookEveryMs = 20;
const looksMax = 6000;
const jobsSeenMax = 100;

export interface Watch {
  /** Newest first. */
  jobs(): Promise<readonly JobView[]>;
  job(jobId: string): Promise<JobView>;
  /** Name of the master that leads. */
  leader(): Promise<string>;
  /** As soon as a look finds something. */
  until<Found>(look: () => Promise<Found | undefined>): Promise<Found>;
  /** As soon as it has ended, in whatever way. */
  untilEnded(jobId: string): Promise<JobView>;
}

/** The connection is closed behind the test that calls this. */
export function watchCluster({ masters, token }: Pick<LocalCluster, "masters" | "token">): Watch {
  const client = connectLeader(masters, token);
  onTestFinished(client.close);

  async function until<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
    for (let looks = 0; looks < looksMax; looks++) {
      const found = await look();
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
    throw new Error(
      `it never came to that: ${JSON.stringify(await jobViews(client, jobsSeenMax))}`,
    );
  }

  return {
    jobs: () => jobViews(client, jobsSeenMax),
    job: (jobId) => jobView(client, jobId),
    leader: async () => {
      const { statusJson } = await client.call(clientApi.clusterStatus, {});
      return (JSON.parse(statusJson) as ClusterView).leader;
    },
    until,
    untilEnded: (jobId) =>
      until(async () => {
        const view = await jobView(client, jobId);
        return view.state === "running" ? undefined : view;
      }),
  };
}

export interface StrikeCluster extends Watch {
  readonly local: LocalCluster;
  /** `millrace submit --json`, with the job and its flags. */
  submit(...job: readonly string[]): StartedCommand;
  run(...args: readonly string[]): Promise<CommandResult>;
  /** As soon as a job other than the known ones is as wanted. */
  untilJob(wanted: (job: JobView) => boolean, known?: readonly string[]): Promise<JobView>;
  /** Kills the leader and this worker at once; answers what starts both again. */
  strike(worker: string): Promise<() => Promise<void>>;
}

/** Three masters and three workers, which end with the test that calls this. Their data is in `folder`/cluster. */
export async function startStrikeCluster(folder: string, minio?: Minio): Promise<StrikeCluster> {
  const local = await startLocalCluster({
    ...{ masters: 3, workers: 3, threads: 1, program: builtProgram() },
    folder: join(folder, "cluster"),
    ...(minio === undefined ? {} : { minio }),
  });
  onTestFinished(local.stop);
  const watch = watchCluster(local);
  const { environment } = local;
  const masters = ["--masters", local.masters.join(",")];
  return {
    ...watch,
    local,
    submit: (...job) => startCommand(["submit", "--json", ...masters, ...job], { environment }),
    run: (...args) => runCommand(args, { environment }),
    untilJob: (wanted, known = []) =>
      watch.until(async () => {
        const jobs = await watch.jobs();
        return jobs.find((job) => !known.includes(job.jobId) && wanted(job));
      }),
    strike: async (worker) => {
      const victims = [await watch.leader(), worker];
      await Promise.all(victims.map((name) => local.kill(name, "SIGKILL")));
      return async () => {
        await Promise.all(victims.map((name) => local.restart(name)));
      };
    },
  };
}

/** Tasks of a job's stage that are done. */
export function tasksDone({ actions }: JobView, action = 0, stage = 0): number {
  return actions[action]?.stages[stage]?.done ?? 0;
}

/** Writes a file of very many lines without holding all of them. */
export async function writeLines(
  path: string,
  lines: number,
  lineOf: (line: number) => string,
): Promise<void> {
  const linesAtOnce = 10_000;
  const file = createWriteStream(path);
  for (let first = 0; first < lines; first += linesAtOnce) {
    let text = "";
    for (let line = first; line < Math.min(lines, first + linesAtOnce); line++) {
      text += `${lineOf(line)}\n`;
    }
    file.write(text);
  }
  file.end();
  await finished(file);
}
