// Fetches blocks from peers: one connection per address, opened at need and again after it broke.

import { EngineError } from "../errors.ts";
import { blockClientIdleMs, blockHandshakeMs, blockStallMs } from "../limits/blocks.ts";
import type { BlockClient } from "../ports/blocks.ts";
import { blockKey } from "./block-auth.ts";
import { BlockConnection } from "./block-connection.ts";

export interface BlockClientOptions {
  readonly token: string;
  readonly handshakeMs?: number;
  readonly stallMs?: number;
  readonly idleMs?: number;
}

export function createBlockClient(options: BlockClientOptions): BlockClient {
  const key = blockKey(options.token);
  const connections = new Map<string, BlockConnection>();
  let isClosed = false;

  const open = (address: string): BlockConnection => {
    const connection = new BlockConnection({
      address,
      key,
      handshakeMs: options.handshakeMs ?? blockHandshakeMs,
      stallMs: options.stallMs ?? blockStallMs,
      idleMs: options.idleMs ?? blockClientIdleMs,
      onClosed: () => {
        if (connections.get(address) === connection) connections.delete(address);
      },
    });
    connections.set(address, connection);
    return connection;
  };

  return {
    fetch: async (address, block) => {
      if (isClosed) throw new EngineError("UNAVAILABLE", "this block client is closed");
      return (connections.get(address) ?? open(address)).fetch(block);
    },
    close: () => {
      isClosed = true;
      for (const connection of [...connections.values()]) connection.close("this client closed");
    },
  };
}
