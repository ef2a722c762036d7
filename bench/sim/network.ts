// Virtual wires between named nodes: delays, losses, doubled and late messages, cuts one way and both,
// and nodes that stand still.

import {
  assert,
  EngineError,
  type ErrorRecord,
  fromErrorRecord,
  toErrorRecord,
} from "../../proto/errors.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import type { RpcBinding, RpcClient, RpcServer } from "../../proto/ports/rpc.ts";
import { type Cuts, createCuts } from "./cuts.ts";
import { type ClockFault, type Gate, gatedClock, pass } from "./gate.ts";
import { createTrace, type Trace } from "./trace.ts";

/** Per thousand messages. */
export interface Rates {
  readonly requestLost: number;
  readonly replyLost: number;
  readonly doubled: number;
  /** Requests that arrive seconds later, when their senders have long given up. */
  readonly late: number;
  /** Messages that are overtaken by others. */
  readonly reordered: number;
  readonly delayMsMax: number;
}

export const calm: Rates = {
  ...{ requestLost: 0, replyLost: 0, doubled: 0, late: 0, reordered: 0 },
  delayMsMax: 2,
};

/** What a server did with a request, whether or not the caller ever hears of it. */
export type Observer = (from: string, path: string, request: unknown, reply: unknown) => void;

/** One life of one node: its own time, which stops while it is paused, and its way out. */
export interface Life {
  readonly name: string;
  readonly clock: Clock;
  readonly client: RpcClient;
}

export interface Network extends Omit<Cuts, "healAll"> {
  rates: Rates;
  /** By how much certain requests are late; none by default. */
  lateMs: (from: string, path: string) => number;
  /** Begins a life under a name; one before it under that name is over for good. */
  join(name: string, clockFault?: ClockFault): Life;
  /** Answers at `<name>:1` for as long as this life lasts. */
  serve(name: string, bindings: readonly RpcBinding[]): RpcServer;
  /** Nothing of it happens any more. True where it lived until now. */
  leave(name: string): boolean;
  pause(name: string): void;
  resume(name: string): void;
  isPaused(name: string): boolean;
  /** All cuts and pauses end. */
  heal(): void;
  /** What happened so far, by kind: messages that were lost, doubled, late or reordered. */
  readonly counts: Map<string, number>;
}

type Answer =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "error"; readonly record: ErrorRecord };

interface Server {
  readonly gate: Gate;
  readonly bindings: ReadonlyMap<string, RpcBinding>;
  /** Callers that wait for an answer. */
  readonly breakers: Set<() => void>;
}

const gone = (doing: string): Answer => ({
  kind: "error",
  record: toErrorRecord(new EngineError("UNAVAILABLE", `${doing}: nobody listens there`)),
});

/** Both directions pass through bytes, so that no two nodes ever share an object. */
async function serveRequest(
  binding: RpcBinding,
  bytes: Uint8Array,
  observe: (request: unknown, reply: unknown) => void,
): Promise<Answer> {
  try {
    const request = binding.method.request.decode(bytes);
    const reply = await binding.handler(request, { role: "node" });
    observe(request, reply);
    return { kind: "bytes", bytes: binding.method.response.encode(reply).finish() };
  } catch (thrown) {
    return { kind: "error", record: toErrorRecord(thrown) };
  }
}

export function createNetwork(
  clock: Clock,
  random: RandomStream,
  observe: Observer,
  trace: Trace = createTrace(),
): Network {
  const gates = new Map<string, Gate>();
  const servers = new Map<string, Server>();
  const cuts = createCuts();
  const counts = new Map<string, number>();

  const hits = (perThousand: number, kind: string): boolean => {
    if (perThousand === 0 || random.below(1000) >= perThousand) return false;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return true;
  };

  function delayMs(): number {
    const { delayMsMax, reordered } = network.rates;
    const usualMs = random.below(delayMsMax + 1);
    return hits(reordered, "reordered") ? usualMs + random.below(20 * delayMsMax + 20) : usualMs;
  }

  /** One way of an answer, which is lost with the life of who sends it. */
  function answerTo(own: Gate, from: string, to: string, arrive: () => void): void {
    if (cuts.areApart(from, to) || hits(network.rates.replyLost, "replyLost")) return;
    const server = gates.get(from);
    const leave = (): void => void clock.after(delayMs(), () => pass(own, arrive));
    if (server === undefined) leave();
    else pass(server, leave);
  }

  function createClient(name: string, own: Gate, ownClock: Clock): RpcClient {
    let isClosed = false;
    const call: RpcClient["call"] = (address, method, request, { timeoutMs }) => {
      const to = address.slice(0, address.lastIndexOf(":"));
      const { path } = method;
      const doing = `${path} at ${address}`;
      return new Promise((resolve, reject) => {
        if (isClosed) {
          return reject(new EngineError("UNAVAILABLE", `${doing}: this client is closed`));
        }
        const bytes = method.request.encode(request).finish();
        const timer = ownClock.after(timeoutMs, () => {
          reject(new EngineError("DEADLINE", `${doing}: no answer within ${timeoutMs} ms`));
        });
        const settle = (answer: Answer): void => {
          timer.cancel();
          if (answer.kind === "error") return reject(fromErrorRecord(answer.record));
          trace.note(clock.nowMs(), name, path, answer.bytes);
          resolve(method.response.decode(answer.bytes));
        };
        const deliver = (): void => {
          const server = servers.get(to);
          if (server === undefined) return answerTo(own, to, name, () => settle(gone(doing)));
          pass(server.gate, () => {
            trace.note(clock.nowMs(), to, path, bytes);
            const binding = server.bindings.get(path);
            assert(binding !== undefined, `${to} does not know ${path}`);
            const cut = (): void => answerTo(own, to, name, () => settle(gone(doing)));
            server.breakers.add(cut);
            const note = (asked: unknown, reply: unknown) => observe(name, path, asked, reply);
            serveRequest(binding, bytes, note).then((answer) => {
              if (!server.breakers.delete(cut)) return;
              answerTo(own, to, name, () => settle(answer));
            });
          });
        };
        post(name, to, path, deliver);
      });
    };
    return {
      call,
      close: () => {
        isClosed = true;
      },
    };
  }

  /** The way of a request: once, never, late, or twice. */
  function post(from: string, to: string, path: string, deliver: () => void): void {
    const { requestLost, late, doubled } = network.rates;
    if (hits(doubled, "doubled")) {
      clock.after(random.below(2000), () => {
        if (cuts.reaches(from, to)) deliver();
      });
    }
    if (!cuts.reaches(from, to) || hits(requestLost, "requestLost")) return;
    const lateMs = hits(late, "late") ? random.below(15_000) : network.lateMs(from, path);
    clock.after(lateMs + delayMs(), deliver);
  }

  function join(name: string, clockFault: ClockFault = { drift: 0, wallOffsetMs: 0 }): Life {
    leave(name);
    const gate: Gate = { state: "awake", held: [] };
    gates.set(name, gate);
    const own = gatedClock(clock, gate, clockFault);
    return { name, clock: own, client: createClient(name, gate, own) };
  }

  function serve(name: string, list: readonly RpcBinding[]): RpcServer {
    const gate = gates.get(name);
    assert(gate !== undefined, `${name} serves before it has joined`);
    const bindings = new Map(list.map((binding) => [binding.method.path, binding]));
    servers.set(name, { gate, bindings, breakers: new Set() });
    return { address: `${name}:1`, close: async () => void leave(name) };
  }

  function leave(name: string): boolean {
    const gate = gates.get(name);
    if (gate === undefined) return false;
    gates.delete(name);
    gate.state = "gone";
    gate.held = [];
    const server = servers.get(name);
    servers.delete(name);
    for (const cut of server?.breakers ?? []) cut();
    server?.breakers.clear();
    return true;
  }

  function pause(name: string): void {
    const gate = gates.get(name);
    if (gate?.state === "awake") gate.state = "paused";
  }

  function resume(name: string): void {
    const gate = gates.get(name);
    if (gate?.state !== "paused") return;
    gate.state = "awake";
    for (const run of gate.held.splice(0)) pass(gate, run);
  }

  const network: Network = {
    ...cuts,
    ...{ counts, join, serve, leave, pause, resume },
    rates: calm,
    lateMs: () => 0,
    isPaused: (name) => gates.get(name)?.state === "paused",
    heal: () => {
      cuts.healAll();
      for (const name of gates.keys()) resume(name);
    },
  };
  return network;
}
