// Messages from the other masters: checked for cluster and address before the core sees them.

import { EngineError, toEngineError } from "../../proto/errors.ts";
import { asMasterId, type ClusterId, type MasterId } from "../../proto/ids.ts";
import { memberTextCharsMax, peerMessagesQueuedMax } from "../../proto/limits/raft.ts";
import { bind, type RpcBinding } from "../../proto/ports/rpc.ts";
import type { StepReply, StepRequest } from "../../proto/wire/generated/engine.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import { items, text } from "../api/fields.ts";
import type { Identified } from "../members/founders.ts";
import { removedError } from "../members/removal.ts";
import { type Append, isAnswer, isAnsweredBack, type Message } from "../raft/messages.ts";
import type { Answers } from "./answers.ts";
import { decodePeerMessage, encodePeerMessage } from "./codec.ts";

export interface InboxOptions {
  readonly clusterId: ClusterId;
  readonly self: MasterId;
  readonly key: string;
  readonly answers: Answers;
  lastIndex(): number;
  /** Where a sender is that may not be known here yet. */
  hear(from: MasterId, address: string): void;
  /** Which data folder it has: told of all that belong to this cluster. */
  hearKey(from: Identified): void;
  /** Whether the sender was removed, as far as this master can be sure of it. */
  isRemoved(from: Identified, message: Message): boolean;
  /** Whether it answers for another data folder than that of the member: as if it had got lost. */
  isForeign(from: Identified, message: Message): boolean;
  /** Throws for bytes that are no command: once in the log, no master could pass them. */
  checkCommand(bytes: Uint8Array): void;
  receive(message: Message): void;
}

/** All of a request's messages, or a typed refusal of the whole. */
function openRequest(options: InboxOptions, request: StepRequest): Message[] {
  if (request.clusterId !== options.clusterId) {
    throw new EngineError(
      "MESSAGE_INVALID",
      `master ${request.from} belongs to cluster ${request.clusterId}, and ${options.self} to ` +
        `${options.clusterId}; check the addresses of both`,
    );
  }
  items("messages", request.messages, peerMessagesQueuedMax);
  text("from_address", request.fromAddress, memberTextCharsMax);
  text("from_key", request.fromKey, memberTextCharsMax);
  const messages = request.messages.map(decodePeerMessage);
  for (const message of messages) {
    const { from, to } = message;
    // Members or not: a leader that was added lately may be unknown to who lags behind.
    if (to !== options.self || from !== request.from || from === options.self) {
      throw new EngineError(
        "MESSAGE_INVALID",
        `a message from ${from} to ${to}, delivered by ${request.from}, reached ${options.self}; ` +
          "check that no two masters have the same id or address",
      );
    }
    if (message.kind === "append") checkCommands(options, message);
  }
  return messages;
}

function checkCommands(options: InboxOptions, { from, entries }: Append): void {
  for (const { kind, index, data } of entries) {
    if (kind !== "command") continue;
    try {
      options.checkCommand(data);
    } catch (cause) {
      const text = `entry ${index} of master ${from}: ${toEngineError(cause).message}`;
      throw new EngineError("MESSAGE_INVALID", text, {}, cause);
    }
  }
}

/** What came back from the peer that was called. */
export function receiveAnswers(
  {
    self,
    isForeign,
    hearKey,
    receive,
  }: Pick<InboxOptions, "self" | "isForeign" | "hearKey" | "receive">,
  peer: MasterId,
  reply: StepReply,
): void {
  items("messages", reply.messages, peerMessagesQueuedMax);
  text("from_key", reply.fromKey, memberTextCharsMax);
  const sender = { id: peer, key: reply.fromKey };
  if (reply.messages.length > 0) hearKey(sender);
  for (const message of reply.messages.map(decodePeerMessage)) {
    const { from, to, kind } = message;
    if (to !== self || from !== peer || !isAnswer(kind)) {
      throw new EngineError(
        "MESSAGE_INVALID",
        `${peer} answered ${self} with a message of kind ${kind} from ${from} to ${to}; check that ` +
          "no two masters have the same id or address",
      );
    }
    if (!isForeign(sender, message)) receive(message);
  }
}

export function bindPeers(options: InboxOptions): readonly RpcBinding[] {
  const { clusterId, self, key } = options;
  return [
    bind(peerApi.step, ["node"], async (request) => {
      const messages = openRequest(options, request);
      const from = asMasterId(request.from);
      const sender = { id: from, key: request.fromKey };
      options.hear(from, request.fromAddress);
      options.hearKey(sender);
      for (const message of messages) {
        if (options.isRemoved(sender, message)) throw removedError(from);
        if (options.isForeign(sender, message)) continue;
        options.receive(message);
      }
      // The core answers in a later turn, so none is missed.
      const expected = messages.filter(({ kind }) => isAnsweredBack(kind)).length;
      const answers = expected === 0 ? [] : await options.answers.collect(from, expected);
      return { messages: answers.map(encodePeerMessage), fromKey: key };
    }),
    bind(peerApi.identify, ["node"], async () => {
      return { clusterId, masterId: self, key, lastIndex: options.lastIndex() };
    }),
  ];
}
