// `millrace lock acquire|release|list`: locks of a cluster for scripts and operators.

import { EngineError } from "../../../proto/errors.ts";
import {
  lockTtlMsDefault,
  lockTtlMsMax,
  lockTtlMsMin,
  lockWaitMsMax,
} from "../../../proto/limits/locks.ts";
import type { LockView } from "../../../proto/wire/views.ts";
import type { LockOptions } from "../../client/lock-claim.ts";
import type { ParsedCommand } from "../arguments.ts";
import { type Command, clusterOptions, commonOptions } from "../command.ts";
import { connectOptions } from "../connect-options.ts";
import { jsonLine } from "../job-result.ts";
import { flagOf, operandsOf, requiredOperand, wholeNumberOf } from "../option-values.ts";
import type { ClusterClient, World } from "../ports.ts";
import { formatDuration } from "../progress.ts";
import { tableText } from "../table-text.ts";

/** Without a command nobody renews: long enough for a short script. */
const ttlMsAlone = 60_000;
/** A command that lost its lock is killed when it does not end by itself within this time. */
const killAfterMs = 5000;

const verbs = ["acquire", "release", "list"] as const;

export const lockCommand: Command = {
  spec: {
    name: "lock",
    summary: "Holds a lock, gives one back, or lists them",
    operands: "acquire NAME [-- COMMAND…] | release NAME | list [PREFIX]",
    takesJob: false,
    options: {
      ttl: {
        kind: "value",
        value: "S",
        describe:
          `Lease in seconds (default ${lockTtlMsDefault / 1000} and renewed while COMMAND runs; ` +
          `without one ${ttlMsAlone / 1000} and not renewed)`,
      },
      wait: { kind: "value", value: "S", describe: "Wait so long where it is held (default 0)" },
      "fencing-token": {
        kind: "value",
        value: "N",
        describe: "The token that acquire printed, for release",
      },
      json: commonOptions.json,
      ...clusterOptions,
    },
    examples: [
      [
        "millrace lock acquire prices --wait 60 -- ./import.sh",
        "runs it under the lock; its token is in MILLRACE_LOCK_TOKEN",
      ],
      ["millrace lock acquire prices --ttl 300", "prints the token"],
      ["millrace lock release prices --fencing-token 4711", "gives it back"],
      ["millrace lock list", "who holds what, and for how long"],
    ],
  },
  run: async (world, parsed) => {
    const verb = verbs.find((known) => known === parsed.operands[0]);
    if (verb === undefined) {
      throw new EngineError(
        "USAGE",
        `millrace lock needs one of ${verbs.join(", ")}; see millrace lock --help`,
      );
    }
    const client = await world.connect(await connectOptions(world, parsed.values));
    try {
      return await runners[verb](world, client, parsed);
    } finally {
      client.close();
    }
  },
};

type Runner = (world: World, client: ClusterClient, parsed: ParsedCommand) => Promise<number>;

const runners: Readonly<Record<(typeof verbs)[number], Runner>> = { acquire, release, list };

function secondsOf(parsed: ParsedCommand, name: string, leastMs: number, mostMs: number) {
  const range = { least: leastMs / 1000, most: mostMs / 1000 };
  const seconds = wholeNumberOf(parsed.values, name, range);
  return seconds === undefined ? undefined : seconds * 1000;
}

async function acquire(
  world: World,
  client: ClusterClient,
  parsed: ParsedCommand,
): Promise<number> {
  const [, ...operands] = parsed.operands;
  const name = requiredOperand(operands, "NAME", "lock acquire");
  const command = operands.slice(1);
  const ttlMs = secondsOf(parsed, "ttl", lockTtlMsMin, lockTtlMsMax);
  const waitMs = secondsOf(parsed, "wait", 0, lockWaitMsMax) ?? 0;
  const stop = new AbortController();
  const interrupted = world.interrupted().then((exitCode) => {
    stop.abort();
    return exitCode;
  });
  const options = { waitMs, signal: stop.signal };
  try {
    if (command.length > 0) {
      const lease = ttlMs === undefined ? {} : { ttlMs };
      const guarded = { name, command, stop };
      const exitCode = await holdWhile(world, client, guarded, { ...options, ...lease });
      return stop.signal.aborted ? await interrupted : exitCode;
    }
    const { token } = await client.locks.claim(name, { ...options, ttlMs: ttlMs ?? ttlMsAlone });
    const json = flagOf(parsed.values, "json");
    await world.print(json ? `${jsonLine({ name, token })}\n` : `${token}\n`);
    return 0;
  } catch (thrown) {
    // Whatever it is, it came of the interrupt.
    if (stop.signal.aborted) return await interrupted;
    throw thrown;
  }
}

interface Guarded {
  readonly name: string;
  readonly command: readonly string[];
  /** Ends the command. */
  readonly stop: AbortController;
}

/** The command's exit code; rejects with LOCK_LOST when the lock was lost before the command ended. */
async function holdWhile(
  world: World,
  client: ClusterClient,
  { name, command, stop }: Guarded,
  options: LockOptions,
): Promise<number> {
  const lock = await client.locks.hold(name, options);
  const environment = { MILLRACE_LOCK_NAME: name, MILLRACE_LOCK_TOKEN: String(lock.token) };
  const ended = AbortSignal.any([lock.signal, stop.signal]);
  try {
    return await world.runProgram(command, { environment, signal: ended, killAfterMs });
  } finally {
    await lock.release();
  }
}

async function release(
  world: World,
  client: ClusterClient,
  parsed: ParsedCommand,
): Promise<number> {
  const operands = operandsOf(parsed.operands.slice(1), ["NAME"]);
  const name = requiredOperand(operands, "NAME", "lock release");
  const range = { least: 1, most: Number.MAX_SAFE_INTEGER };
  const token = wholeNumberOf(parsed.values, "fencing-token", range);
  if (token === undefined) {
    throw new EngineError(
      "USAGE",
      "millrace lock release needs --fencing-token N, so that only the holder that is meant loses " +
        "the lock; millrace lock list shows it",
    );
  }
  if (!(await client.locks.release(name, token))) {
    throw new EngineError(
      "LOCK_LOST",
      `lock ${name} is not held with token ${token}, so nothing was released; millrace lock list ` +
        "shows who holds what",
      { lock: name, token },
    );
  }
  const json = flagOf(parsed.values, "json");
  await world.print(json ? `${jsonLine({ name, token })}\n` : `lock ${name}: released\n`);
  return 0;
}

async function list(world: World, client: ClusterClient, parsed: ParsedCommand): Promise<number> {
  const [prefix = ""] = operandsOf(parsed.operands.slice(1), ["PREFIX"]);
  const locks = await client.locks.list(prefix);
  if (flagOf(parsed.values, "json")) await world.print(`${jsonLine({ locks })}\n`);
  else await world.print(locks.length === 0 ? "no locks are held\n" : locksText(locks));
  return 0;
}

function locksText(locks: readonly LockView[]): string {
  const rows = locks.map(({ name, token, holder, remainingMs, waiting }) => [
    name,
    `token ${token}`,
    holder,
    remainingMs === undefined ? "until released" : `${formatDuration(remainingMs)} left`,
    waiting === 0 ? "" : `${waiting} waiting`,
  ]);
  return tableText(rows, "");
}
