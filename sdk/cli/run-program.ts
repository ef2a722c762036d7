// Runs another program as a part of a command: on the same terminal, with more in its environment.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { EngineError } from "../../proto/errors.ts";

export interface ProgramOptions {
  /** Beside what this process has. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the program when it is aborted: first it is asked to, after `killAfterMs` it is killed. */
  readonly signal: AbortSignal;
  readonly killAfterMs: number;
  /** Gives it a channel to this process, whose end tells it that this process was killed. */
  readonly hasChannel?: boolean;
}

/** Resolves with its exit code, as a shell would tell it. Rejects with USAGE when it cannot be started. */
export function runProgram(command: readonly string[], options: ProgramOptions): Promise<number> {
  const [program = "", ...args] = command;
  const { environment, signal, killAfterMs, hasChannel } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: hasChannel === true ? ["inherit", "inherit", "inherit", "ipc"] : "inherit",
      env: { ...process.env, ...environment },
    });
    let killing: NodeJS.Timeout | undefined;
    const stop = (): void => {
      child.kill("SIGTERM");
      killing = setTimeout(() => child.kill("SIGKILL"), killAfterMs);
    };
    const leave = (): void => {
      clearTimeout(killing);
      signal.removeEventListener("abort", stop);
    };
    child.on("error", (cause) => {
      leave();
      reject(new EngineError("USAGE", `cannot run ${program}: ${cause.message}`, {}, cause));
    });
    child.on("exit", (code, killedBy) => {
      leave();
      resolve(code ?? 128 + constants.signals[killedBy ?? "SIGKILL"]);
    });
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
