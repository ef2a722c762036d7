// Runs the built command-line program as a user's shell would.

import { type ChildProcess, spawn } from "node:child_process";
import type { ErrorDetails } from "../../../proto/errors.ts";
import type { CommittedOutput } from "../../../proto/plan/bundle.ts";
import { builtProgram } from "../../cluster/local-cluster.ts";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartedCommand {
  readonly child: ChildProcess;
  readonly result: Promise<CommandResult>;
}

export interface CommandOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly folder?: string;
}

export function startCommand(
  args: readonly string[],
  options: CommandOptions = {},
): StartedCommand {
  const child = spawn(process.execPath, [builtProgram(), ...args], {
    cwd: options.folder,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const result = new Promise<CommandResult>((resolve) => {
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, result };
}

export function runCommand(
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return startCommand(args, options).result;
}

/** What `--json` prints of a job that succeeded. */
export interface JobReport {
  readonly jobId: string;
  readonly state: string;
  readonly result: unknown;
  readonly outputs: readonly CommittedOutput[];
}

/** What `--json` prints of a failure. */
export interface FailureReport {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: ErrorDetails;
  };
}

/** The last line of JSON on standard error: progress and logs stand before it. */
export function failureOf(result: CommandResult): FailureReport["error"] {
  const lines = result.stderr.trimEnd().split("\n");
  for (const line of lines.reverse()) {
    if (!line.startsWith('{"error"')) continue;
    return (JSON.parse(line) as FailureReport).error;
  }
  throw new Error(`no failure was reported (exit ${result.code}):\n${result.stderr}`);
}
