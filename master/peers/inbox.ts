// Messages from the other masters: checked for cluster and address before the core sees them.

import { EngineError } from "../../proto/errors.ts";
import type { ClusterId, MasterId } from "../../proto/ids.ts";
import { bind, type RpcBinding } from "../../proto/ports/rpc.ts";
import type { StepRequest } from "../../proto/wire/generated/engine.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import type { Message } from "../raft/messages.ts";
import { decodePeerMessage } from "./codec.ts";

export interface InboxOptions {
  readonly clusterId: ClusterId;
  readonly self: MasterId;
  isPeer(id: MasterId): boolean;
  receive(message: Message): void;
}

/** All of a request's messages, or a typed refusal of the whole. */
function openRequest(options: InboxOptions, request: StepRequest): Message[] {
  if (request.clusterId !== options.clusterId) {
    throw new EngineError(
      "MESSAGE_INVALID",
      `master ${request.from} belongs to cluster ${request.clusterId}, and ${options.self} to ` +
        `${options.clusterId}; check --peers of both`,
    );
  }
  const messages = request.messages.map(decodePeerMessage);
  for (const { from, to } of messages) {
    if (to !== options.self || !options.isPeer(from)) {
      throw new EngineError(
        "MESSAGE_INVALID",
        `a message from ${from} to ${to} reached ${options.self}; check --peers of both`,
      );
    }
  }
  return messages;
}

export function bindPeers(options: InboxOptions): RpcBinding {
  return bind(peerApi.step, ["node"], async (request) => {
    for (const message of openRequest(options, request)) options.receive(message);
    return {};
  });
}
