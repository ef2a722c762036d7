// A job that this process drives: progress meanwhile, its result at the end, cancelled on Ctrl-C.

import type { ActionProgress, CompiledJob } from "../client/world.ts";
import { decodeResult, endJson, resultText, summaryText } from "./job-result.ts";
import type { ClusterClient, World } from "./ports.ts";
import { createProgressView } from "./progress.ts";

export interface AttachedOptions {
  readonly quiet: boolean;
  readonly json: boolean;
}

/** Longest wait for the cluster to hear that an interrupted job is cancelled. */
const cancelMsMax = 5000;

export interface Progress {
  on(action: ActionProgress): void;
  /** Leaves the last line of the action under way. */
  end(): void;
}

function createProgress(world: World, quiet: boolean): Progress {
  if (quiet) return { on: () => {}, end: () => {} };
  const view = createProgressView(world.terminal);
  let current: ActionProgress | undefined;
  const end = (): void => {
    if (current !== undefined) view.finish(current.label, current.stages);
    current = undefined;
  };
  return {
    on: (action) => {
      if (current !== undefined && current.actionIndex !== action.actionIndex) end();
      current = action;
      view.update(action.label, action.stages);
    },
    end,
  };
}

/** What an interrupt has to end; filled in as the command gets on. */
export interface AttachedState {
  client?: ClusterClient;
  jobId?: string;
}

/** Drives the job to its end and prints what it gave. */
export async function driveAttached(
  world: World,
  client: ClusterClient,
  work: { readonly job: CompiledJob; readonly paramsJson: string },
  state: AttachedState,
  options: AttachedOptions,
): Promise<void> {
  const startedMs = world.nowMs();
  const progress = createProgress(world, options.quiet);
  state.client = client;
  const finished = await client
    .runAttached(work.job, work.paramsJson, {
      onJobId: (jobId) => {
        state.jobId = jobId;
      },
      onProgress: progress.on,
    })
    .finally(progress.end);
  const durationMs = world.nowMs() - startedMs;
  const { jobId, outputs, resultJson } = finished;
  if (!options.quiet) world.note(summaryText(outputs, durationMs, world.workingFolder));
  if (options.json) await world.print(endJson({ jobId, resultJson, outputs, durationMs }));
  else await world.print(resultText(decodeResult(resultJson)));
}

/** The body, or the exit code of an interrupt before its end; then the job is cancelled. */
export async function untilInterrupted(
  world: World,
  state: AttachedState,
  body: () => Promise<number>,
): Promise<number> {
  const interrupted = world.interrupted().then((exitCode) => ({ exitCode }));
  const running = body();
  const first = await Promise.race([running, interrupted]);
  if (typeof first === "number") return first;
  // Nobody waits for it any more, and it is about to fail.
  running.catch(() => {});
  const { client, jobId } = state;
  if (client === undefined || jobId === undefined) {
    world.note("interrupted before the job was submitted\n");
    return first.exitCode;
  }
  world.note(`interrupted: cancelling job ${jobId} …\n`);
  await Promise.race([
    client.cancel(jobId, "interrupted by the user who submitted it").then(
      (now) => world.note(`job ${jobId} is ${now}\n`),
      (failure: unknown) => world.note(cancelFailed(jobId, failure)),
    ),
    world.pause(cancelMsMax).then(() => world.note(cancelFailed(jobId, "no answer in time"))),
  ]);
  return first.exitCode;
}

function cancelFailed(jobId: string, failure: unknown): string {
  const why = failure instanceof Error ? failure.message : String(failure);
  return `job ${jobId} may still be running: ${why}; try millrace cancel ${jobId}\n`;
}
