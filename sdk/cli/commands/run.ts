// `millrace run JOB`: a whole cluster inside this command, for as long as the job takes.

import { EngineError } from "../../../proto/errors.ts";
import {
  checkMemory,
  leastMemoryBytes,
  threadsWithin,
} from "../../../proto/limits/executor-memory.ts";
import { executorThreadHeapMiB } from "../../../proto/limits/memory.ts";
import { closureDeadlineMs, workerSlotsMax } from "../../../proto/limits.ts";
import type { CompiledJob } from "../../client/world.ts";
import type { OptionSpec, ParsedCommand } from "../arguments.ts";
import { type AttachedState, driveAttached, untilInterrupted } from "../attached-job.ts";
import { type Command, commonOptions } from "../command.ts";
import { asksForHelp, jobHelp, paramsOf } from "../job-params.ts";
import { jsonLine } from "../job-result.ts";
import { flagOf, requiredOperand, sizeOf, textOf, wholeNumberOf } from "../option-values.ts";
import type { EmbeddedOptions, World } from "../ports.ts";

export const executorMemoryRange = { least: leastMemoryBytes(1), most: 16 * 1024 ** 4 } as const;

export const heapMiBRange = { least: 32, most: 1024 * 1024 } as const;

export const memoryOption = {
  kind: "value",
  value: "SIZE",
  describe: "Memory of a worker's executor, such as 4GiB (default: 60 % of the machine)",
} as const satisfies OptionSpec;

export const heapOption = {
  kind: "value",
  value: "MIB",
  describe: `JavaScript heap of each thread (default: its part of --memory, ${executorThreadHeapMiB} at most)`,
} as const satisfies OptionSpec;

export const deadlineRange = { least: 100, most: 24 * 3600 * 1000 } as const;

export const deadlineOption = {
  kind: "value",
  value: "MS",
  describe: `A function that makes no progress for so long is stuck (default ${closureDeadlineMs})`,
} as const satisfies OptionSpec;

/** Tasks at a time: where the user did not say, as many as there are cores, and memory for. */
export function threadsOf(
  { cores, executorBytes }: World,
  values: ParsedCommand["values"],
  memoryBytes = executorBytes,
): number {
  const told = wholeNumberOf(values, "threads", { least: 1, most: workerSlotsMax });
  if (told !== undefined) checkMemory(memoryBytes, told);
  return told ?? threadsWithin(memoryBytes, cores);
}

/** What an executor may use and how long it may take, as far as the user said. */
export function executorOptions(values: ParsedCommand["values"]) {
  const heapMiB = wholeNumberOf(values, "heap-mib", heapMiBRange);
  const memoryBytes = sizeOf(values, "memory", executorMemoryRange);
  const deadlineMs = wholeNumberOf(values, "closure-deadline-ms", deadlineRange);
  return {
    ...(heapMiB === undefined ? {} : { heapMiB }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(deadlineMs === undefined ? {} : { closureDeadlineMs: deadlineMs }),
  };
}

export const runCommand: Command = {
  spec: {
    name: "run",
    summary: "Runs a job on this machine",
    operands: "JOB [job flags…]",
    takesJob: true,
    options: {
      threads: { kind: "value", value: "N", describe: "Tasks at a time (default: the cores)" },
      memory: memoryOption,
      "heap-mib": heapOption,
      "closure-deadline-ms": deadlineOption,
      params: commonOptions.params,
      quiet: commonOptions.quiet,
      json: commonOptions.json,
    },
    examples: [
      [
        "millrace run --threads 2 job.ts --input 'data/*.txt' --output out/",
        "options of the engine stand before the job's path",
      ],
      ["millrace run job.ts --help", "lists the job's parameters"],
    ],
  },
  run: async (world, parsed) => {
    const path = requiredOperand(parsed.operands, "JOB", "run");
    const options = embeddedOptions(world, parsed);
    if (asksForHelp(parsed.jobFlags)) {
      return await showJobHelp(world, "run", await world.compile(path), path, parsed);
    }
    const state: AttachedState = {};
    let isDone = false;
    // Started first: the cluster comes up while the job is compiled.
    const embedded = world.startEmbedded(options);
    const body = async (): Promise<number> => {
      const [address, work] = await Promise.all([embedded.serving, prepare(world, path, parsed)]);
      const { token, scratchUri } = embedded;
      const client = await world.connect({ masters: [address], token, scratchUri });
      try {
        await driveAttached(world, client, work, state, attachedOptions(parsed));
      } finally {
        client.close();
      }
      isDone = true;
      return 0;
    };
    try {
      return await untilInterrupted(world, state, () => Promise.race([body(), embedded.lost]));
    } finally {
      // Of a job that succeeded nothing is under way any more, and the state of its cluster is of no use.
      await (isDone ? embedded.discard() : embedded.stop());
    }
  },
};

function embeddedOptions(world: World, parsed: ParsedCommand): EmbeddedOptions {
  const { values } = parsed;
  const options = executorOptions(values);
  return { threads: threadsOf(world, values, options.memoryBytes), ...options };
}

export function attachedOptions({ values }: ParsedCommand) {
  return { quiet: flagOf(values, "quiet"), json: flagOf(values, "json") };
}

/** Compiles the job and reads its parameters. */
export async function prepare(
  world: World,
  path: string,
  { values, jobFlags }: ParsedCommand,
): Promise<{ readonly job: CompiledJob; readonly paramsJson: string }> {
  const job = await world.compile(path);
  const file = textOf(values, "params");
  const paramsJson = await withHint(path, () =>
    paramsOf(job.bundle, { jobFlags, file }, world.readTextFile),
  );
  return { job, paramsJson };
}

/** Wrong parameters are most often a matter of not knowing their names. */
async function withHint<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== "PARAMS_INVALID") throw thrown;
    const message = `${thrown.message}; millrace run ${path} --help lists the parameters`;
    throw new EngineError(thrown.code, message, thrown.details, thrown);
  }
}

/** Parameters of the job itself: `millrace run job.ts --help`. */
export async function showJobHelp(
  world: World,
  command: string,
  job: CompiledJob,
  path: string,
  parsed: ParsedCommand,
): Promise<number> {
  const description = job.bundle.describe();
  const json = flagOf(parsed.values, "json");
  await world.print(json ? `${jsonLine(description)}\n` : jobHelp(command, path, description));
  return 0;
}
