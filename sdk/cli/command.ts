// The shape of one command: what it is called, which options it has, what it does.

import type { CommandSpec, OptionSpec, ParsedCommand } from "./arguments.ts";
import type { World } from "./ports.ts";

export interface Command {
  readonly spec: CommandSpec;
  /** Answers the exit code; rejects with an EngineError. */
  run(world: World, parsed: ParsedCommand): Promise<number>;
}

/** Options that several commands share. */
export const commonOptions = {
  json: { kind: "flag", describe: "Print one JSON object instead of text" },
  quiet: { kind: "flag", describe: "Show no progress" },
  params: {
    kind: "value",
    value: "FILE",
    describe: "JSON file with all parameters of the job, instead of flags",
  },
  masters: {
    kind: "value",
    value: "HOST:PORT,…",
    describe: "Addresses of the masters; else MILLRACE_MASTERS",
  },
  token: {
    kind: "value",
    value: "TOKEN",
    describe: "Access token; else MILLRACE_TOKEN (arguments are visible to others on this machine)",
  },
  "token-file": { kind: "value", value: "FILE", describe: "File that holds the access token" },
  "timeout-ms": {
    kind: "value",
    value: "MS",
    describe: "How long to look for a leader before giving up (default 30000)",
  },
} as const satisfies Record<string, OptionSpec>;

export const clusterOptions = {
  masters: commonOptions.masters,
  token: commonOptions.token,
  "token-file": commonOptions["token-file"],
  "timeout-ms": commonOptions["timeout-ms"],
} as const satisfies Record<string, OptionSpec>;
