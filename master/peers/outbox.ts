// Messages on their way to the other masters: one call at a time per peer, the next takes all that gathered.

import type { MasterId } from "../../proto/ids.ts";
import {
  peerCallTimeoutMs,
  peerMessagesQueuedMax,
  rpcMessageBytesMax,
} from "../../proto/limits.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import type { Message } from "../raft/messages.ts";
import { encodePeerMessage } from "./codec.ts";

export interface Outbox {
  send(messages: readonly Message[]): void;
  close(): void;
}

interface Line {
  readonly address: string;
  queue: Uint8Array[];
  busy: boolean;
}

export interface OutboxOptions {
  readonly clusterId: string;
  readonly self: MasterId;
  readonly peers: ReadonlyMap<MasterId, string>;
}

/**
 * Delivers in order, or not at all: Raft itself sends again what got lost, so a failed call is simply
 * dropped, and so is the oldest message of a peer that does not keep up.
 */
export function createOutbox(options: OutboxOptions, rpc: RpcClient): Outbox {
  const lines = new Map<MasterId, Line>();
  for (const [id, address] of options.peers) {
    if (id !== options.self) lines.set(id, { address, queue: [], busy: false });
  }
  let closed = false;

  function takeCall(line: Line): Uint8Array[] {
    let bytes = 0;
    let count = 0;
    for (const message of line.queue) {
      bytes += message.length;
      if (count > 0 && bytes > rpcMessageBytesMax / 2) break;
      count++;
    }
    return line.queue.splice(0, count);
  }

  async function drain(to: MasterId, line: Line): Promise<void> {
    if (line.busy) return;
    line.busy = true;
    while (line.queue.length > 0 && !closed) {
      const messages = takeCall(line);
      const request = { clusterId: options.clusterId, from: options.self, to, messages };
      const timeoutMs = peerCallTimeoutMs;
      try {
        await rpc.call(line.address, peerApi.step, request, { timeoutMs });
      } catch {
        // The peer is away: what waits for it is stale by the time it is back.
        line.queue = [];
      }
    }
    line.busy = false;
  }

  return {
    send: (messages) => {
      if (closed) return;
      for (const message of messages) {
        const line = lines.get(message.to);
        if (line === undefined) continue;
        line.queue.push(encodePeerMessage(message));
        if (line.queue.length > peerMessagesQueuedMax) line.queue.shift();
      }
      for (const [id, line] of lines) void drain(id, line);
    },
    close: () => {
      closed = true;
      for (const line of lines.values()) line.queue = [];
    },
  };
}
