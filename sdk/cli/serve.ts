// A process that serves until it is told to stop, or until it may promise nothing any more.

import type { Log } from "../../proto/ports/log.ts";
import type { OptionSpec } from "./arguments.ts";
import { jsonLine } from "./job-result.ts";
import type { RunningNode, World } from "./ports.ts";

export const nodeTokenOptions = {
  "node-token-file": {
    kind: "value",
    value: "FILE",
    describe: "File with the token of masters and workers; else MILLRACE_NODE_TOKEN",
  },
} as const satisfies Record<string, OptionSpec>;

export function warnBeyondLoopback(log: Log, host: string): void {
  if (host === "localhost" || host === "::1" || /^127\./.test(host)) return;
  log.warn("traffic is not encrypted: keep this address inside a network that you trust", { host });
}

/** Longest wait for what a stopping node still does; all of it survives an abrupt end as well. */
const stopMsMax = 10_000;

/** What scripts that start a node wait for. */
export interface ServedNode {
  readonly role: "master" | "worker";
  readonly id: string;
  /** Whether the one line on standard output, `{"serving":…}`, is wanted. */
  readonly json: boolean;
}

/** Answers the exit code after a clean stop; rejects with what ended the node before. */
export async function serveUntilStopped(
  world: World,
  { role, id, json }: ServedNode,
  start: (onFatal: (failure: unknown) => void) => Promise<RunningNode>,
): Promise<number> {
  const stopped = world.interrupted();
  let onFatal: (failure: unknown) => void = () => {};
  const fatal = new Promise<never>((_, reject) => {
    onFatal = reject;
  });
  const node = await Promise.race([start(onFatal), fatal, stopped]);
  // Stopped while it started: nothing was promised yet.
  if (typeof node === "number") return 0;
  if (json) await world.print(`${jsonLine({ serving: role, id, address: node.address })}\n`);
  await Promise.race([fatal, stopped]);
  await Promise.race([node.stop(), world.pause(stopMsMax)]);
  return 0;
}
