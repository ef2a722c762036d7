// Requests within one process: the same methods, codecs and errors as on the wire, without a wire.

import {
  assert,
  EngineError,
  type ErrorRecord,
  fromErrorRecord,
  toErrorRecord,
} from "../errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { RpcBinding, RpcCaller, RpcClient, RpcServer } from "../ports/rpc.ts";

export interface LocalRpc {
  /** Answers at `address` until closed. */
  serve(address: string, bindings: readonly RpcBinding[]): RpcServer;
  /** A client whose every call is made by `caller`. */
  client(caller: RpcCaller): RpcClient;
}

type Answer =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "error"; readonly record: ErrorRecord };

/** Ends a call from outside, with the reason. */
type Cut = (why: string) => void;

interface LocalServer {
  readonly bindings: ReadonlyMap<string, RpcBinding>;
  /** Ends of calls under way, for when the server goes away. */
  readonly breakers: Set<Cut>;
}

function failed(thrown: unknown): Answer {
  return { kind: "error", record: toErrorRecord(thrown) };
}

/** Both directions pass through bytes, so no two nodes of a process ever share a mutable object. */
async function answer(
  server: LocalServer,
  path: string,
  caller: RpcCaller,
  request: Uint8Array,
): Promise<Answer> {
  const binding = server.bindings.get(path);
  if (binding === undefined) {
    return failed(new EngineError("MESSAGE_INVALID", `the peer does not know the method ${path}`));
  }
  if (!binding.roles.includes(caller.role)) {
    return failed(new EngineError("FORBIDDEN", `a ${caller.role} may not call ${path}`));
  }
  try {
    const message = binding.method.request.decode(request);
    const response = await binding.handler(message, caller);
    return { kind: "bytes", bytes: binding.method.response.encode(response).finish() };
  } catch (thrown) {
    return failed(thrown);
  }
}

/** One request to one server, until it is answered, late, or cut off at either end. */
function send(
  server: LocalServer,
  doing: string,
  timeoutMs: number,
  clock: Clock,
  ownBreakers: Set<Cut>,
  run: () => Promise<Answer>,
): Promise<Answer> {
  return new Promise((resolve) => {
    const cut: Cut = (why) => end(failed(new EngineError("UNAVAILABLE", `${doing}: ${why}`)));
    const timer = clock.after(timeoutMs, () => {
      const what = `${doing}: no answer within ${timeoutMs} ms`;
      end(failed(new EngineError("DEADLINE", what, { deadlineMs: timeoutMs })));
    });
    const end = (result: Answer): void => {
      timer.cancel();
      server.breakers.delete(cut);
      ownBreakers.delete(cut);
      resolve(result);
    };
    server.breakers.add(cut);
    ownBreakers.add(cut);
    void run().then(end);
  });
}

export function createLocalRpc(clock: Clock): LocalRpc {
  const servers = new Map<string, LocalServer>();

  const serve = (address: string, bindings: readonly RpcBinding[]): RpcServer => {
    assert(!servers.has(address), `two local servers at ${address}`);
    const byPath = new Map(bindings.map((binding) => [binding.method.path, binding]));
    assert(byPath.size === bindings.length, `two bindings of one method at ${address}`);
    const server: LocalServer = { bindings: byPath, breakers: new Set() };
    servers.set(address, server);
    return {
      address,
      close: async () => {
        if (servers.get(address) !== server) return;
        servers.delete(address);
        for (const cut of server.breakers) cut("the server closed");
      },
    };
  };

  const client = (caller: RpcCaller): RpcClient => {
    const breakers = new Set<Cut>();
    let isClosed = false;
    return {
      call: async (address, method, request, { timeoutMs }) => {
        const doing = `${method.path} at ${address}`;
        if (isClosed) throw new EngineError("UNAVAILABLE", `${doing}: this client is closed`);
        const server = servers.get(address);
        if (server === undefined) {
          throw new EngineError("UNAVAILABLE", `${doing}: nobody listens there`);
        }
        const bytes = method.request.encode(request).finish();
        const run = () => answer(server, method.path, caller, bytes);
        const result = await send(server, doing, timeoutMs, clock, breakers, run);
        if (result.kind === "error") throw fromErrorRecord(result.record);
        return method.response.decode(result.bytes);
      },
      close: () => {
        isClosed = true;
        for (const cut of breakers) cut("this client closed");
      },
    };
  };

  return { serve, client };
}
