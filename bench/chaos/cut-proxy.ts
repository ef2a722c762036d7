// A TCP proxy in front of one master: what goes through it can be swallowed or slowed, as by a bad network.

import { createServer, connect as dial, type Socket } from "node:net";

export type Passage =
  | { readonly kind: "open" }
  /** Nothing arrives, in either direction, and nobody is told. */
  | { readonly kind: "cut" }
  | { readonly kind: "slow"; readonly delayMs: number };

export interface CutProxy {
  /** `127.0.0.1:port`, instead of the target's own. */
  readonly address: string;
  /** From now on, also for connections that are open. Connections that lost bytes end when it opens again. */
  set(passage: Passage): void;
  stop(): Promise<void>;
}

/** In front of `host:port`; the target need not serve yet. */
export async function startCutProxy(target: string): Promise<CutProxy> {
  const [host, port] = target.split(":");
  const sockets = new Set<Socket>();
  /** Those from which bytes were swallowed: whatever came after would be another stream. */
  const broken = new Set<Socket>();
  let passage: Passage = { kind: "open" };

  function pass(from: Socket, to: Socket): void {
    /** On their way: none overtakes another, also when a slow network becomes a fast one. */
    const held: { readonly bytes: Buffer; readonly atMs: number }[] = [];
    const move = (): void => {
      while (held.length > 0 && held[0]!.atMs <= performance.now()) {
        const { bytes } = held.shift()!;
        if (to.writable) to.write(bytes);
      }
      if (held.length > 0) setTimeout(move, Math.ceil(held[0]!.atMs - performance.now()));
    };
    from.on("data", (bytes: Buffer) => {
      if (passage.kind === "cut") {
        broken.add(from).add(to);
        return;
      }
      const delayMs = passage.kind === "slow" ? passage.delayMs : 0;
      held.push({ bytes, atMs: performance.now() + delayMs });
      if (held.length === 1) move();
    });
    from.on("close", () => {
      sockets.delete(from);
      broken.delete(from);
      to.destroy();
    });
    from.on("error", () => to.destroy());
  }

  const server = createServer((incoming) => {
    const outgoing = dial(Number(port), host);
    for (const socket of [incoming, outgoing]) {
      socket.setNoDelay(true);
      sockets.add(socket);
    }
    pass(incoming, outgoing);
    pass(outgoing, incoming);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const boundPort = bound !== null && typeof bound === "object" ? bound.port : 0;
  return {
    address: `127.0.0.1:${boundPort}`,
    set: (next) => {
      passage = next;
      if (next.kind === "cut") return;
      for (const socket of broken) socket.destroy();
      broken.clear();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
