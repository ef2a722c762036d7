// Messages on their way to the other masters: few calls at a time per peer, the next takes all that gathered.

import { type EngineError, type ErrorCode, toEngineError } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import {
  peerCallBytesPerMsMin,
  peerCallLateMs,
  peerCallPatienceMs,
  peerCallsInflightMax,
  peerMessagesQueuedMax,
  raftAppendBytesMax,
} from "../../proto/limits/raft.ts";
import { rpcStreamedBytesMax } from "../../proto/limits/rpc.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import type { StepReply, StepRequest } from "../../proto/wire/generated/engine.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import type { Message } from "../raft/messages.ts";
import type { Answers } from "./answers.ts";
import { encodePeerMessage } from "./codec.ts";

export interface Outbox {
  send(messages: readonly Message[]): void;
  close(): void;
}

/** What leaves in order: entries and snapshots on the one, all else, which is small, on the other. */
interface Line {
  queue: Message[];
  /** Calls for which it still waits before it sends more. */
  inflight: number;
  /** One is a gRPC call of its own, so that a small one sent now could overtake it. */
  hasLarge: boolean;
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
  readonly clock: Clock;
  /** Of this master, for whom a peer's call waits. */
  readonly answers: Answers;
  /** Undefined for whom nobody can reach: then there is nothing to deliver. */
  addressOf(id: MasterId): string | undefined;
  /** Takes what a peer answered. Throws MESSAGE_INVALID for what no correct master would answer. */
  receiveAnswers(from: MasterId, reply: StepReply): void;
  /** A peer that is sure of it says that this master is no member any more. */
  onRemoved(failure: EngineError): void;
  /** A peer refuses what it is sent, or makes no sense; told once until all is well again. */
  onRefused(to: MasterId, failure: EngineError): void;
}

/** About what the message takes on the wire. */
function messageBytes(message: Message): number {
  if (message.kind === "installSnapshot") return message.bytes.length;
  if (message.kind !== "append") return 0;
  return message.entries.reduce((sum, { data }) => sum + data.length, 0);
}

function takeCall(line: Line): Message[] {
  let bytes = 0;
  let count = 0;
  for (const message of line.queue) {
    bytes += messageBytes(message);
    if (count > 0 && bytes > raftAppendBytesMax) break;
    count++;
  }
  return line.queue.splice(0, count);
}

const isBulk = ({ kind }: Message): boolean => kind === "append" || kind === "installSnapshot";

/**
 * Delivers in order, or not at all: Raft itself sends again what got lost, so a failed call is simply
 * dropped, and so is the oldest message of a peer that does not keep up. A slow call is neither lost
 * nor waited for: it may still arrive, and be answered, while later ones are under way. Heartbeats and
 * votes never wait behind entries.
 */
export function createOutbox(options: OutboxOptions, rpc: RpcClient): Outbox {
  const { clusterId, self, key, clock, answers } = options;
  const bulk = new Map<MasterId, Line>();
  const talk = new Map<MasterId, Line>();
  const refusing = new Set<MasterId>();
  let closed = false;

  function drain(to: MasterId, line: Line): void {
    while (line.queue.length > 0 && line.inflight < peerCallsInflightMax && !line.hasLarge) {
      const address = options.addressOf(to);
      if (address === undefined) line.queue = [];
      else start(to, address, line);
    }
  }

  function start(to: MasterId, address: string, line: Line): void {
    const messages = takeCall(line).map(encodePeerMessage);
    const bytes = messages.reduce((sum, message) => sum + message.length, 0);
    const patienceMs = peerCallPatienceMs + bytes / peerCallBytesPerMsMin;
    const isLarge = bytes > rpcStreamedBytesMax / 2;
    line.inflight++;
    line.hasLarge = isLarge;
    let isWaiting = true;
    const moveOn = (): void => {
      if (!isWaiting) return;
      isWaiting = false;
      patience.cancel();
      line.inflight--;
      if (isLarge) line.hasLarge = false;
      if (!closed) drain(to, line);
    };
    const patience = clock.after(patienceMs, moveOn);
    const fromAddress = options.addressOf(self) ?? "";
    const request = { clusterId, from: self, fromAddress, fromKey: key, to, messages };
    deliver(to, address, request, patienceMs + peerCallLateMs).then((failure) => {
      // The peer is away: what waits for it is stale by the time it is back.
      if (failure !== undefined && isWaiting) line.queue = [];
      moveOn();
    });
  }

  async function deliver(
    to: MasterId,
    address: string,
    request: StepRequest,
    timeoutMs: number,
  ): Promise<EngineError | undefined> {
    try {
      const reply = await rpc.call(address, peerApi.step, request, { timeoutMs });
      if (!closed) options.receiveAnswers(to, reply);
      refusing.delete(to);
      return undefined;
    } catch (thrown) {
      const failure = toEngineError(thrown);
      note(to, failure);
      return failure;
    }
  }

  function note(to: MasterId, failure: EngineError): void {
    if (closed) return;
    if (failure.code === "MASTER_REMOVED") options.onRemoved(failure);
    if (!refusals.includes(failure.code) || refusing.has(to)) return;
    refusing.add(to);
    options.onRefused(to, failure);
  }

  function lineTo(message: Message): Line {
    const lines = isBulk(message) ? bulk : talk;
    const line = lines.get(message.to) ?? { queue: [], inflight: 0, hasLarge: false };
    lines.set(message.to, line);
    return line;
  }

  return {
    send: (messages) => {
      if (closed) return;
      const lines = new Map<Line, MasterId>();
      for (const message of answers.take(messages)) {
        const line = lineTo(message);
        line.queue.push(message);
        if (line.queue.length > peerMessagesQueuedMax) line.queue.shift();
        lines.set(line, message.to);
      }
      for (const [line, to] of lines) drain(to, line);
    },
    close: () => {
      closed = true;
      answers.close();
      for (const line of [...bulk.values(), ...talk.values()]) line.queue = [];
    },
  };
}
