// What clients ask of locks: to hold one, to wait for one, to keep it, to give it back, to see them all.

import { bind, type RpcBinding } from "../../proto/ports/rpc.ts";
import type * as wire from "../../proto/wire/generated/engine.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { ClusterState } from "../scheduler/state.ts";
import { viewLocks } from "../scheduler/views.ts";
import type { ApiCore } from "./core.ts";
import { decodeAcquireLock, decodeReleaseLock, decodeRenewLock } from "./decode-locks.ts";
import { waitMs } from "./fields.ts";
import { ask, refusalOf } from "./replies.ts";
import type { Waiting } from "./waiting.ts";

const roles = ["client", "node"] as const;

export function bindLocks(core: ApiCore, waiting: Waiting): RpcBinding[] {
  return [
    bind(clientApi.acquireLock, roles, (request) => acquire(core, waiting, request)),
    bind(clientApi.renewLock, roles, async (request) => {
      await ask(core, decodeRenewLock(request), "locked");
      return {};
    }),
    bind(clientApi.releaseLock, roles, async (request) => {
      const { held } = await ask(core, decodeReleaseLock(request), "lockReleased");
      return { held };
    }),
    bind(clientApi.listLocks, roles, async ({ prefix }) => {
      const locks = viewLocks(await core.readState()).filter(({ name }) => name.startsWith(prefix));
      return { lockJson: locks.map((lock) => JSON.stringify(lock)) };
    }),
  ];
}

/** Asks the log for the claim's answer, then waits for news of its place in line. */
async function acquire(
  core: ApiCore,
  waiting: Waiting,
  request: wire.AcquireLockRequest,
): Promise<wire.AcquireLockReply> {
  const command = decodeAcquireLock(request);
  const pollMs = waitMs(request.pollMs);
  const first = await core.propose(command);
  if (first.kind === "locked") return { token: first.token };
  if (first.kind !== "lockWaits") throw refusalOf(command, first);
  const look = async (): Promise<wire.AcquireLockReply | undefined> => {
    const state = core.leaderState();
    if (standsInLine(state, command)) return undefined;
    if (state.plantedBug === "grantedWithoutRecheck") {
      return { token: state.locks.get(command.name)?.token ?? 1 };
    }
    // Out of the line, one way or the other, and maybe more has happened since: only the log knows.
    const reply = await core.propose({ ...command, waitLoggedTicks: 0 });
    if (reply.kind === "locked") return { token: reply.token };
    throw refusalOf(command, reply);
  };
  return waiting.until(pollMs, look, () => ({ token: 0 }));
}

function standsInLine(state: ClusterState, { name, owner }: { name: string; owner: string }) {
  const waiters = state.locks.get(name)?.waiters ?? [];
  return waiters.some((waiter) => waiter.owner === owner);
}
