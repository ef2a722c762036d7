// Every command of the program, loaded when it is asked for.

import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
}

export const commandEntries: readonly CommandEntry[] = [
  {
    name: "run",
    summary: "Runs a job on this machine",
    load: async () => (await import("./commands/run.ts")).runCommand,
  },
  {
    name: "explain",
    summary: "Shows how a job would run, without running it",
    load: async () => (await import("./commands/explain.ts")).explainCommand,
  },
  {
    name: "output",
    summary: "Prints the rows of a committed output",
    load: async () => (await import("./commands/output.ts")).outputCommand,
  },
  {
    name: "submit",
    summary: "Submits a job to a cluster",
    load: async () => (await import("./commands/submit.ts")).submitCommand,
  },
  {
    name: "status",
    summary: "Shows a cluster and its jobs, or one job",
    load: async () => (await import("./commands/status.ts")).statusCommand,
  },
  {
    name: "cancel",
    summary: "Cancels a job",
    load: async () => (await import("./commands/cancel.ts")).cancelCommand,
  },
  {
    name: "lock",
    summary: "Holds a lock, gives one back, or lists them",
    load: async () => (await import("./commands/lock.ts")).lockCommand,
  },
  {
    name: "master",
    summary: "Runs a master of a cluster, or changes which masters it has",
    load: async () => (await import("./commands/master.ts")).masterCommand,
  },
  {
    name: "worker",
    summary: "Runs a worker of a cluster",
    load: async () => (await import("./commands/worker.ts")).workerCommand,
  },
  {
    name: "bench",
    summary: "Measures Millrace beside other engines",
    load: async () => (await import("./commands/bench.ts")).benchCommand,
  },
  {
    name: "token",
    summary: "Prints a new random access token",
    load: async () => (await import("./commands/token.ts")).tokenCommand,
  },
];

export function generalHelp(): string {
  const lines = commandEntries.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}\n`);
  return (
    "Runs jobs over large data, on this machine or on a cluster.\n\n" +
    "Usage: millrace COMMAND [options]\n\n" +
    `Commands:\n${lines.join("")}\n` +
    "Options:\n" +
    "  --help     Show this help; millrace COMMAND --help shows that of a command\n" +
    "  --version  Show the version\n\n" +
    "Example:\n" +
    "  millrace run job.ts --input 'data/*.txt' --output out/\n"
  );
}
