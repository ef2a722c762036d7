// Who holds a data folder, and whether that very process still lives.

import { readFile, readlink } from "node:fs/promises";
import { EngineError } from "../errors.ts";
import { errnoOf } from "./disk-errors.ts";

export interface ProcessIdentity {
  readonly pid: number;
  /** When the process started, in clock ticks since boot: tells it from a later one with its id. */
  readonly startTicks?: string;
  readonly bootId?: string;
  /** Process ids mean something only within one namespace (container). */
  readonly pidNamespace?: string;
}

export interface LockHolder extends ProcessIdentity {
  readonly host: string;
  readonly since: string;
  /** Name of a socket in the folder on which the holder listens. */
  readonly socket?: string;
}

async function attempt(read: () => Promise<string>): Promise<string | undefined> {
  try {
    return (await read()).trim();
  } catch {
    // Not Linux, or a hidden /proc: the caller does without.
    return undefined;
  }
}

interface ProcessStat {
  readonly state: string;
  readonly startTicks: string;
}

async function processStat(pid: number): Promise<ProcessStat | undefined> {
  const text = await attempt(() => readFile(`/proc/${pid}/stat`, "utf8"));
  if (text === undefined) return undefined;
  // The second field is the name in parentheses and may itself hold blanks and parentheses.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, startTicks] = [fields[0], fields[19]];
  return state === undefined || startTicks === undefined ? undefined : { state, startTicks };
}

export async function thisProcess(): Promise<ProcessIdentity> {
  const stat = await processStat(process.pid);
  const bootId = await attempt(() => readFile("/proc/sys/kernel/random/boot_id", "utf8"));
  const pidNamespace = await attempt(() => readlink("/proc/self/ns/pid"));
  return {
    pid: process.pid,
    ...(stat === undefined ? {} : { startTicks: stat.startTicks }),
    ...(bootId === undefined ? {} : { bootId }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
  };
}

export function parseHolder(text: string, path: string): LockHolder {
  const unreadable = () =>
    new EngineError(
      "DATA_FOLDER_LOCKED",
      `lock file ${path} is unreadable, so its holder is unknown; if no process uses the folder, ` +
        `remove the file`,
    );
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unreadable();
  }
  if (typeof value !== "object" || value === null) throw unreadable();
  const record = value as Record<string, unknown>;
  const { pid, host, since, startTicks, bootId, pidNamespace, socket } = record;
  if (typeof pid !== "number" || !Number.isInteger(pid) || pid <= 0) throw unreadable();
  if (typeof host !== "string" || typeof since !== "string") throw unreadable();
  const isSocketName = typeof socket === "string" && /^\.lock-[0-9a-f]+\.sock$/.test(socket);
  return {
    pid,
    host,
    since,
    ...(typeof startTicks === "string" ? { startTicks } : {}),
    ...(typeof bootId === "string" ? { bootId } : {}),
    ...(typeof pidNamespace === "string" ? { pidNamespace } : {}),
    ...(isSocketName ? { socket } : {}),
  };
}

/** `unknown`: the holder ran in another container of this machine, where we cannot look. */
export async function holderIsHere(holder: LockHolder): Promise<"alive" | "dead" | "unknown"> {
  const self = await thisProcess();
  // The machine was started anew since. (A folder shared by two machines is not supported.)
  if (holder.bootId !== self.bootId) return "dead";
  if (holder.pidNamespace !== self.pidNamespace) return "unknown";
  try {
    process.kill(holder.pid, 0);
  } catch (thrown) {
    if (errnoOf(thrown) === "ESRCH") return "dead";
  }
  const stat = await processStat(holder.pid);
  if (stat === undefined || holder.startTicks === undefined) return "alive";
  if (stat.startTicks !== holder.startTicks) return "dead";
  // Killed, but not yet collected by its parent.
  return stat.state === "Z" || stat.state === "X" ? "dead" : "alive";
}
