// One master without Raft: commands apply after a turn of the event loop, as if committed.

import { asClusterId } from "../../../proto/ids.ts";
import type { RpcBinding, RpcMethod } from "../../../proto/ports/rpc.ts";
import { type FakeClock, fakeClock } from "../../../proto/testing/fake-clock.ts";
import { apply } from "../../scheduler/apply.ts";
import type { Command, CommandReply } from "../../scheduler/commands.ts";
import type { LeaseBug } from "../../scheduler/planted-bugs.ts";
import { emptyState } from "../../scheduler/state.ts";
import { bindClients } from "../clients.ts";
import { decodeCommand, encodeCommand } from "../command-codec.ts";
import type { ApiCore } from "../core.ts";
import { bindWorkers } from "../workers.ts";

export interface LocalMaster {
  readonly core: ApiCore;
  readonly clock: FakeClock;
  /** Folders that hold a committed output. */
  readonly committed: Set<string>;
  propose(command: Command): Promise<CommandReply>;
  /** Calls a method as a node. */
  call<Request, Response>(
    method: RpcMethod<Request, Response>,
    request: Request,
  ): Promise<Response>;
}

export function createLocalMaster(plantedBug?: LeaseBug): LocalMaster {
  const state = emptyState(plantedBug);
  const clock = fakeClock();
  const committed = new Set<string>();
  let waiters: (() => void)[] = [];
  const propose = async (command: Command): Promise<CommandReply> => {
    const bytes = encodeCommand(command);
    await Promise.resolve();
    const reply = apply(state, state.appliedIndex + 1, decodeCommand(bytes));
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
    return reply;
  };
  const core: ApiCore = {
    clusterId: asClusterId("c1"),
    clock,
    propose,
    readState: async () => state,
    leaderState: () => state,
    waitForChange: (timeoutMs) =>
      new Promise((resolve) => {
        waiters.push(resolve);
        clock.after(timeoutMs, resolve);
      }),
    outputCommitted: async (folderUri) => committed.has(folderUri),
    sha256Hex: (bytes) => (bytes[0] ?? 0).toString(16).padStart(64, "0"),
    masters: () => ({ leader: "m1", term: 1, masters: [] }),
  };
  const bindings: readonly RpcBinding[] = [...bindClients(core), ...bindWorkers(core)];
  return {
    core,
    clock,
    committed,
    propose,
    call: async (method, request) => {
      const binding = bindings.find((each) => each.method.path === method.path);
      if (binding === undefined) throw new Error(`nothing is bound to ${method.path}`);
      type Response = ReturnType<typeof method.response.decode>;
      return (await binding.handler(request, { role: "node" })) as Response;
    },
  };
}
