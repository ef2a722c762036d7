// Virtual wires between named nodes: delays, losses, doubled requests, cuts, and nodes that stand still.

import { EngineError } from "../../proto/errors.ts";
import type { Clock, Timer } from "../../proto/ports/clock.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import { createLocalRpc, type LocalRpc } from "../../proto/wire/local-rpc.ts";

/** Per thousand calls. */
export interface Rates {
  readonly requestLost: number;
  readonly replyLost: number;
  readonly doubled: number;
  /** Requests that arrive seconds later, when their senders have long given up. */
  readonly late: number;
  readonly delayMsMax: number;
}

export const calm: Rates = { requestLost: 0, replyLost: 0, doubled: 0, late: 0, delayMsMax: 2 };

/** What a server did with a request, whether or not the caller ever hears of it. */
export type Observer = (from: string, path: string, request: unknown, reply: unknown) => void;

/** One life of one node: its own time, which stops while it is paused, and its way out. */
export interface Life {
  readonly name: string;
  readonly clock: Clock;
  readonly client: RpcClient;
}

export interface Network {
  readonly rpc: LocalRpc;
  rates: Rates;
  /** By how much certain requests are late; none by default. */
  lateMs: (from: string, path: string) => number;
  /** Begins a life under a name; one before it under that name is over for good. */
  join(name: string): Life;
  /** Nothing of it happens any more. */
  leave(name: string): void;
  pause(name: string): void;
  resume(name: string): void;
  isPaused(name: string): boolean;
  /** Nobody reaches it, and it reaches nobody. */
  cut(name: string): void;
  heal(): void;
  areApart(one: string, other: string): boolean;
  /** Calls that were lost or doubled so far. */
  faults(): number;
}

/** Everything that happens to a node passes here, and waits while it is paused. */
interface Gate {
  state: "awake" | "paused" | "gone";
  held: (() => void)[];
}

function pass(gate: Gate, run: () => void): void {
  if (gate.state === "awake") run();
  else if (gate.state === "paused") gate.held.push(run);
}

function gatedClock(clock: Clock, gate: Gate): Clock {
  return {
    nowMs: clock.nowMs,
    wallMs: clock.wallMs,
    after: (delayMs, run): Timer => {
      let isCancelled = false;
      const timer = clock.after(delayMs, () => {
        pass(gate, () => {
          if (!isCancelled) run();
        });
      });
      return {
        cancel: () => {
          isCancelled = true;
          timer.cancel();
        },
      };
    },
  };
}

export function createNetwork(clock: Clock, random: RandomStream, observe: Observer): Network {
  const rpc = createLocalRpc(clock);
  const gates = new Map<string, Gate>();
  const apart = new Set<string>();
  let faults = 0;

  const hits = (perThousand: number): boolean => {
    const isHit = random.below(1000) < perThousand;
    if (isHit) faults++;
    return isHit;
  };

  /** One way of a message; never resolves where it does not arrive. */
  function travel(from: Gate, to: Gate | undefined, isLost: boolean, lateMs: number) {
    return new Promise<void>((resolve) => {
      if (isLost) return;
      const delayMs = lateMs + random.below(network.rates.delayMsMax + 1);
      pass(from, () => {
        clock.after(delayMs, () => (to === undefined ? resolve() : pass(to, resolve)));
      });
    });
  }

  function createClient(name: string, own: Gate, ownClock: Clock): RpcClient {
    const inner = rpc.client({ role: "node" });
    const call: RpcClient["call"] = (address, method, request, options) => {
      const to = address.split(":")[0] ?? "";
      const { requestLost, replyLost, doubled, late } = network.rates;
      const run = async () => {
        const lateMs = hits(late) ? random.below(15_000) : network.lateMs(name, method.path);
        const isRequestLost = network.areApart(name, to) || hits(requestLost);
        await travel(own, gates.get(to), isRequestLost, lateMs);
        const once = async () => {
          const reply = await inner.call(address, method, request, options);
          observe(name, method.path, request, reply);
          return reply;
        };
        if (hits(doubled)) {
          clock.after(random.below(2000), () => {
            if (!network.areApart(name, to)) once().catch(() => undefined);
          });
        }
        const [outcome] = await Promise.allSettled([once()]);
        const server = gates.get(to) ?? own;
        await travel(server, own, network.areApart(name, to) || hits(replyLost), 0);
        if (outcome.status === "rejected") throw outcome.reason;
        return outcome.value;
      };
      return new Promise((resolve, reject) => {
        const timer = ownClock.after(options.timeoutMs, () => {
          reject(new EngineError("DEADLINE", `${method.path} at ${address}: no answer`));
        });
        run()
          .finally(() => timer.cancel())
          .then(resolve, reject);
      });
    };
    return { call, close: () => inner.close() };
  }

  const network: Network = {
    rpc,
    rates: calm,
    lateMs: () => 0,
    join: (name) => {
      network.leave(name);
      const gate: Gate = { state: "awake", held: [] };
      gates.set(name, gate);
      const own = gatedClock(clock, gate);
      return { name, clock: own, client: createClient(name, gate, own) };
    },
    leave: (name) => {
      const gate = gates.get(name);
      gates.delete(name);
      if (gate === undefined) return;
      gate.state = "gone";
      gate.held = [];
    },
    pause: (name) => {
      const gate = gates.get(name);
      if (gate?.state === "awake") gate.state = "paused";
    },
    resume: (name) => {
      const gate = gates.get(name);
      if (gate?.state !== "paused") return;
      gate.state = "awake";
      for (const run of gate.held.splice(0)) run();
    },
    isPaused: (name) => gates.get(name)?.state === "paused",
    cut: (name) => void apart.add(name),
    heal: () => {
      apart.clear();
      for (const name of gates.keys()) network.resume(name);
    },
    areApart: (one, other) => one !== other && (apart.has(one) || apart.has(other)),
    faults: () => faults,
  };
  return network;
}
