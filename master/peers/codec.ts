// Raft messages to bytes and back. Decoding is a trust boundary: whatever does not fit is refused.

import { EngineError, unreachable } from "../../proto/errors.ts";
import { asMasterId } from "../../proto/ids.ts";
import { raftNumberMax } from "../../proto/limits/raft.ts";
import { PeerMessage } from "../../proto/wire/generated/raft.ts";
import { reusingWriter } from "../../proto/wire/reused-writer.ts";
import type { Entry } from "../raft/entry.ts";
import { decodeMembership, encodeMembership } from "../raft/membership-codec.ts";
import type { Message } from "../raft/messages.ts";

const peerMessage = reusingWriter(PeerMessage);
type Body = NonNullable<PeerMessage["body"]>;

function encodeBody(message: Message): Body {
  switch (message.kind) {
    case "preVote":
      return { $case: "preVote", value: { ...message, force: false } };
    case "vote":
    case "preVoteReply":
    case "voteReply":
    case "appendReply":
    case "heartbeat":
    case "heartbeatReply":
    case "installSnapshotReply":
    case "timeoutNow":
      // The wire's field names are the core's: the fields of the envelope are simply not written.
      return { $case: message.kind, value: message } as Body;
    case "installSnapshot": {
      const membership = encodeMembership(message.membership);
      return { $case: "installSnapshot", value: { ...message, membership } };
    }
    case "append": {
      const entries = message.entries.map(({ index, term, kind, data }) => {
        return { index, term, isNoop: kind === "noop", isConfig: kind === "config", data };
      });
      return { $case: "append", value: { ...message, entries } };
    }
    default:
      return unreachable(message);
  }
}

export function encodePeerMessage(message: Message): Uint8Array {
  const { from, to, term } = message;
  return peerMessage.encode({ from, to, term, body: encodeBody(message) }).finish();
}

function checkNumbers(value: object): void {
  for (const field of Object.keys(value)) {
    const item = (value as Readonly<Record<string, unknown>>)[field];
    if (
      typeof item === "number" &&
      !(Number.isInteger(item) && item >= 0 && item <= raftNumberMax)
    ) {
      throw new EngineError("MESSAGE_INVALID", `a peer's message has ${field} = ${item}`);
    }
  }
}

function decodeEntries(prevIndex: number, term: number, wire: Body): Entry[] {
  if (wire.$case !== "append") return [];
  return wire.value.entries.map((entry, i) => {
    checkNumbers(entry);
    if (entry.index !== prevIndex + 1 + i || entry.term > term || entry.term === 0) {
      throw new EngineError(
        "MESSAGE_INVALID",
        `a peer's append after entry ${prevIndex} in term ${term} carries entry ${entry.index} of ` +
          `term ${entry.term} at place ${i}`,
      );
    }
    const { index, isNoop, isConfig, data } = entry;
    if (isConfig) decodeMembership(data);
    const kind = isConfig ? "config" : isNoop ? "noop" : "command";
    return { index, term: entry.term, kind, data };
  });
}

function decodeWire(bytes: Uint8Array): PeerMessage {
  try {
    return PeerMessage.decode(bytes);
  } catch (cause) {
    const text = `a peer's message of ${bytes.length} bytes cannot be decoded`;
    throw new EngineError("MESSAGE_INVALID", text, {}, cause);
  }
}

/** Throws MESSAGE_INVALID for anything that no correct master would send. */
export function decodePeerMessage(bytes: Uint8Array): Message {
  const wire = decodeWire(bytes);
  const { body } = wire;
  if (body === undefined || wire.from === "" || wire.to === "") {
    throw new EngineError("MESSAGE_INVALID", "a peer's message lacks its body, sender or receiver");
  }
  checkNumbers(wire);
  checkNumbers(body.value);
  const { from, to, term } = wire;
  const envelope = { kind: body.$case, from: asMasterId(from), to: asMasterId(to), term };
  // What was just decoded is ours, and adding to it cheaper than copying it.
  if (body.$case === "append") {
    const entries = decodeEntries(body.value.prevIndex, term, body);
    return Object.assign(body.value, envelope, { entries }) as Message;
  }
  if (body.$case === "installSnapshot") {
    const membership = decodeMembership(body.value.membership);
    return Object.assign(body.value, envelope, { membership }) as Message;
  }
  return Object.assign(body.value, envelope) as Message;
}
