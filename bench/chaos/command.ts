// The built command-line program, run as a user does, with what it prints.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { builtProgram } from "../cluster/local-cluster.ts";

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** Each line of standard output, without its end, as it comes. */
export async function streamLines(
  args: readonly string[],
  environment: Environment,
  onLine: (line: string) => void,
): Promise<Omit<Ended, "stdout">> {
  const child = spawn(process.execPath, [builtProgram(), ...args], {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) onLine(line);
  return { code: await code, stderr };
}

export async function runCommand(
  args: readonly string[],
  environment: Environment,
): Promise<Ended> {
  const lines: string[] = [];
  const ended = await streamLines(args, environment, (line) => lines.push(line));
  return { ...ended, stdout: lines.join("\n") };
}
