// Messages on their way to the other masters: one call at a time per peer, the next takes all that gathered.

import { type EngineError, type ErrorCode, toEngineError } from "../../proto/errors.ts";
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
  queue: Uint8Array[];
  busy: boolean;
}

/** The peer is there and will not have what it got: other than an outage, that does not pass. */
const refusals: readonly ErrorCode[] = [
  ...(["MESSAGE_INVALID", "LIMIT_EXCEEDED", "UNAUTHENTICATED", "FORBIDDEN"] as const),
];

export interface OutboxOptions {
  readonly clusterId: string;
  readonly self: MasterId;
  /** Of this master's data folder. */
  readonly key: string;
  /** Undefined for whom nobody can reach: then there is nothing to deliver. */
  addressOf(id: MasterId): string | undefined;
  /** A peer that is sure of it says that this master is no member any more. */
  onRemoved(failure: EngineError): void;
  /** A peer refuses what it is sent; told once until it takes something again. */
  onRefused(to: MasterId, failure: EngineError): void;
}

/**
 * Delivers in order, or not at all: Raft itself sends again what got lost, so a failed call is simply
 * dropped, and so is the oldest message of a peer that does not keep up.
 */
export function createOutbox(options: OutboxOptions, rpc: RpcClient): Outbox {
  const { clusterId, self, key } = options;
  /** Of those for whom something waits or is under way. */
  const lines = new Map<MasterId, Line>();
  const refusing = new Set<MasterId>();
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
      const address = options.addressOf(to);
      if (address === undefined) break;
      const [messages, fromAddress] = [takeCall(line), options.addressOf(self) ?? ""];
      const request = { clusterId, from: self, fromAddress, fromKey: key, to, messages };
      try {
        await rpc.call(address, peerApi.step, request, { timeoutMs: peerCallTimeoutMs });
        refusing.delete(to);
      } catch (thrown) {
        // The peer is away: what waits for it is stale by the time it is back.
        line.queue = [];
        note(to, toEngineError(thrown));
      }
    }
    line.busy = false;
    lines.delete(to);
  }

  function note(to: MasterId, failure: EngineError): void {
    if (closed) return;
    if (failure.code === "MASTER_REMOVED") options.onRemoved(failure);
    if (!refusals.includes(failure.code) || refusing.has(to)) return;
    refusing.add(to);
    options.onRefused(to, failure);
  }

  return {
    send: (messages) => {
      if (closed) return;
      for (const message of messages) {
        const line = lines.get(message.to) ?? { queue: [], busy: false };
        lines.set(message.to, line);
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
