// Requests about locks, checked and turned into commands; lock steps of jobs too.

import {
  lockNameCharsMax,
  lockTtlMsMax,
  lockTtlMsMin,
  lockWaitMsMax,
} from "../../proto/limits/locks.ts";
import { actionsPerJobMax, loggedTickMs } from "../../proto/limits.ts";
import { lockNameProblem } from "../../proto/plan/lock-name.ts";
import type { LockStep } from "../../proto/plan/stage.ts";
import type * as wire from "../../proto/wire/generated/engine.ts";
import type { Command } from "../scheduler/commands.ts";
import { leaseTicks } from "../scheduler/locks.ts";
import { id, integer, invalid, object, text, token } from "./fields.ts";

type Of<Kind extends Command["kind"]> = Extract<Command, { kind: Kind }>;

function lockName(field: string, value: unknown): string {
  const name = text(field, value, lockNameCharsMax);
  const problem = lockNameProblem(name);
  if (problem !== undefined) invalid(field, `${problem}; got ${JSON.stringify(name)}`);
  return name;
}

const ttlTicks = (value: number): number =>
  leaseTicks(integer("ttl_ms", value, lockTtlMsMin, lockTtlMsMax));

export function decodeAcquireLock(request: wire.AcquireLockRequest): Of<"acquireLock"> {
  const waitMs = integer("wait_ms", request.waitMs, 0, lockWaitMsMax);
  return {
    kind: "acquireLock",
    name: lockName("name", request.name),
    owner: id("owner", request.owner),
    holder: text("holder", request.holder, lockNameCharsMax),
    ttlLoggedTicks: ttlTicks(request.ttlMs),
    waitLoggedTicks: Math.ceil(waitMs / loggedTickMs),
  };
}

export function decodeRenewLock(request: wire.RenewLockRequest): Of<"renewLock"> {
  return {
    kind: "renewLock",
    name: lockName("name", request.name),
    owner: id("owner", request.owner),
    token: token("token", request.token),
    ttlLoggedTicks: ttlTicks(request.ttlMs),
  };
}

export function decodeReleaseLock(request: wire.ReleaseLockRequest): Of<"releaseLock"> {
  return {
    kind: "releaseLock",
    name: lockName("name", request.name),
    owner: request.owner === "" ? "" : id("owner", request.owner),
    token: token("token", request.token),
  };
}

/** The lock step of an action; undefined for actions that compute. */
export function decodeLockStep(at: string, value: unknown): LockStep | undefined {
  if (value === undefined) return undefined;
  const plain = object(at, value);
  const name = lockName(`${at}.name`, plain.name);
  switch (plain.kind) {
    case "lock": {
      const waitMs = integer(`${at}.waitMs`, plain.waitMs, 0, lockWaitMsMax);
      return { kind: "lock", name, waitMs };
    }
    case "unlock": {
      const index = integer(`${at}.actionIndex`, plain.actionIndex, 0, actionsPerJobMax - 1);
      return { kind: "unlock", name, actionIndex: index };
    }
    default:
      return invalid(`${at}.kind`, "must be lock or unlock");
  }
}
