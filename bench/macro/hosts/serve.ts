// The process side of a session: says that it is ready, then answers requests one after the other.

import { createInterface } from "node:readline";
import type { HostMessage, HostRequest } from "../protocol/session.ts";
import type { Rows } from "../protocol/workload.ts";

// Who read it may be gone.
process.stdout.on("error", () => {});

function say(message: HostMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** With `--once TASK` among the arguments: runs it, and prints the first value of the answer. */
async function serveOnce(task: string, run: (request: HostRequest) => Promise<Rows>) {
  const rows = await run({ task: JSON.parse(task) as HostRequest["task"], output: "" });
  process.stdout.write(`${rows[0]?.[0]}\n`);
}

/** Serves until its input ends, be it amid a request: nobody waits for the answer any more. */
export async function serve(
  version: string,
  run: (request: HostRequest) => Promise<Rows>,
): Promise<void> {
  const once = process.argv.indexOf("--once");
  if (once > 0) return await serveOnce(process.argv[once + 1] ?? "", run);
  say({ kind: "ready", version });
  const lines = createInterface({ input: process.stdin });
  const ended = new Promise<void>((resolve) => lines.once("close", resolve));
  for await (const line of lines) await Promise.race([answer(line, run), ended]);
}

async function answer(line: string, run: (request: HostRequest) => Promise<Rows>): Promise<void> {
  try {
    say({ kind: "done", rows: await run(JSON.parse(line) as HostRequest) });
  } catch (failure) {
    const error = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
    say({ kind: "failed", error });
  }
}
