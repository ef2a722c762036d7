// How the events of a cluster read in a script's expected output.

import { unreachable } from "../../../proto/errors.ts";
import type { Entry } from "../entry.ts";
import type { Membership } from "../membership.ts";
import { decodeMembership } from "../membership-codec.ts";
import type { Message } from "../messages.ts";
import type { Ready } from "../ready.ts";
import type { ReadOutcome } from "../state.ts";
import type { Node, Watcher } from "./cluster.ts";
import { bytesToText } from "./text.ts";

export function entryText(entry: Entry): string {
  return `${entry.index}/${entry.term} ${dataText(entry)}`;
}

function dataText(entry: Entry): string {
  switch (entry.kind) {
    case "noop":
      return "noop";
    case "command":
      return `"${bytesToText(entry.data)}"`;
    case "config":
      return `members ${membershipText(decodeMembership(entry.data))}`;
    default:
      return unreachable(entry.kind);
  }
}

/** `n1,n2` or, while it changes, `n1,n2 and n1`, or with learners `n1,n2 teaching n3`. */
export function membershipText(membership: Membership): string {
  const { voters, votersOutgoing, learners } = membership;
  const outgoing = votersOutgoing.length === 0 ? "" : ` and ${votersOutgoing.join(",")}`;
  const taught = learners.length === 0 ? "" : ` teaching ${learners.join(",")}`;
  return `${voters.join(",")}${outgoing}${taught}`;
}

function entriesText(entries: readonly Entry[]): string {
  return `[${entries.map(entryText).join(", ")}]`;
}

export function messageText(message: Message): string {
  return `${message.from} -> ${message.to} ${message.kind} term ${message.term}${details(message)}`;
}

function details(message: Message): string {
  switch (message.kind) {
    case "preVote":
      return `, log ends ${message.lastIndex}/${message.lastTerm}`;
    case "vote": {
      const force = message.force ? ", forced" : "";
      return `, log ends ${message.lastIndex}/${message.lastTerm}${force}`;
    }
    case "preVoteReply":
    case "voteReply":
      return message.granted ? ", granted" : ", refused";
    case "append": {
      const after = `${message.prevIndex}/${message.prevTerm}`;
      return `, after ${after} ${entriesText(message.entries)}, commit ${message.commit}`;
    }
    case "appendReply":
      return message.rejected
        ? `, rejects ${message.index}, hint ${message.hintIndex}/${message.hintTerm}`
        : `, has ${message.index}`;
    case "heartbeat":
      return `, commit ${message.commit}, reads ${message.readRound}`;
    case "heartbeatReply":
      return `, reads ${message.readRound}`;
    case "installSnapshot": {
      const end = message.offset + message.bytes.length;
      const isWhole = message.offset === 0 && message.done;
      const part = isWhole
        ? ""
        : `, bytes ${message.offset} to ${end}${message.done ? ", done" : ""}`;
      return `, snapshot ${message.snapshotIndex}/${message.snapshotTerm}${part}`;
    }
    case "installSnapshotReply": {
      const part = message.offset === 0 ? "" : `, and ${message.offset} bytes`;
      return `, has ${message.index}${part}`;
    }
    case "timeoutNow":
      return "";
    default:
      return unreachable(message);
  }
}

function saveText(node: Node, ready: Ready): string {
  const parts: string[] = [];
  if (ready.snapshot !== undefined) {
    parts.push(`snapshot ${ready.snapshot.index}/${ready.snapshot.term}`);
  }
  if (ready.hardState !== undefined) {
    const { term, votedFor, commit } = ready.hardState;
    parts.push(`term ${term}, vote ${votedFor ?? "none"}, commit ${commit}`);
  }
  if (ready.entries.length > 0) parts.push(entriesText(ready.entries));
  return `${node.id} saves ${parts.join("; ")}`;
}

function readText(node: Node, outcome: ReadOutcome): string {
  const where = outcome.kind === "ready" ? `at ${outcome.index}` : "lost";
  return `${node.id} read ${outcome.context} ${where}`;
}

/** Writes each event as a line, in the order in which it happens. */
export function printer(print: (line: string) => void): Watcher {
  return {
    ready: (node, ready) => {
      if (ready.status !== undefined) {
        const { role, term, leader } = ready.status;
        print(`${node.id} is ${role}, term ${term}, leader ${leader ?? "none"}`);
      }
      if (ready.membership !== undefined && ready.membership.index > 0) {
        const { membership, isCommitted } = ready.membership;
        print(
          `${node.id} members ${membershipText(membership)}${isCommitted ? ", committed" : ""}`,
        );
      }
      for (const message of ready.messagesBeforeSync) print(messageText(message));
      if (ready.ticket !== undefined) {
        const held = node.holdsSaves ? " (held)" : "";
        print(`${saveText(node, ready)}${held}`);
      }
      if (node.holdsSaves && (ready.ticket !== undefined || node.saving.length > 0)) return;
      for (const message of ready.messagesAfterSync) print(messageText(message));
    },
    saved: (node, ready) => {
      if (!node.holdsSaves) return;
      print(`${node.id} finished a save`);
      for (const message of ready.messagesAfterSync) print(messageText(message));
    },
    full: (node) => print(`${node.id} ends: its disk is full`),
    applied: (node, entry) => print(`${node.id} applies ${entryText(entry)}`),
    restored: (node, snapshot) => print(`${node.id} restores ${snapshot.index}/${snapshot.term}`),
    read: (node, outcome) => print(readText(node, outcome)),
  };
}
