// The assertions of a script: they hold whatever the printed output was accepted as.

import { AssertionError, assert } from "../../../proto/errors.ts";
import { asMasterId } from "../../../proto/ids.ts";
import { lastIndexOf, termAt } from "../log.ts";
import type { Membership } from "../membership.ts";
import { membershipStatusOf, type Raft } from "../state.ts";
import type { Cluster, Node } from "./cluster.ts";
import { membershipText } from "./print.ts";

/** `expect n1 leader`, `expect n2 term 3`, `expect n1 applied a,b`, `expect n1 log 1/1,2/1` ... */
export function checkExpectation(cluster: Cluster, words: readonly string[]): void {
  const [name = "", property = "", wanted = "none"] = words;
  const names = name === "all" ? [...cluster.nodes.keys()] : [asMasterId(name)];
  for (const id of names) {
    const node = cluster.nodes.get(id);
    assert(node !== undefined, `expect ${words.join(" ")}: there is no ${id}`);
    const roles = ["leader", "follower", "candidate", "preCandidate", "stopped"];
    const isRole = roles.includes(property);
    const found = isRole ? (node.raft?.role.kind ?? "stopped") : propertyOf(node, property);
    const expected = isRole ? property : wanted;
    assert(found === expected, `expect ${words.join(" ")}: ${id} has ${found}`);
  }
}

function propertyOf(node: Node, property: string): string {
  const { hardState, snapshot, entries } = node.durable;
  switch (property) {
    case "saved-term":
      return String(hardState.term);
    case "saved-vote":
      return hardState.votedFor ?? "none";
    case "saved-log":
      return entries.map(({ index, term }) => `${index}/${term}`).join(",") || "none";
    case "snapshot":
      return snapshot === undefined ? "none" : `${snapshot.index}/${snapshot.term}`;
    default:
      return runningPropertyOf(node, property);
  }
}

function runningPropertyOf(node: Node, property: string): string {
  const raft = node.raft;
  assert(raft !== undefined, `${node.id} is not running`);
  switch (property) {
    case "term":
      return String(raft.term);
    case "vote":
      return raft.votedFor ?? "none";
    case "leads":
      return raft.leader ?? "none";
    case "commit":
      return String(raft.log.commitIndex);
    case "applied":
      return node.applied.join(",") || "none";
    case "log":
      return logText(raft);
    case "members":
      return placeText(membershipStatusOf(raft).membership);
    case "settled":
      return String(membershipStatusOf(raft).isCommitted);
    case "first":
      return String(raft.log.baseIndex + 1);
    case "pieces":
      return String(raft.assembly?.bytes ?? 0);
    default:
      if (property.startsWith("read-")) {
        return node.reads.get(Number(property.slice("read-".length))) ?? "none";
      }
      throw new AssertionError(`scripts cannot expect "${property}"`);
  }
}

/** In one word: `n1,n2`, while it changes `n1,n2&n1`, with a learner `n1,n2+n3`. */
function placeText(membership: Membership): string {
  return membershipText(membership).replace(" and ", "&").replace(" teaching ", "+");
}

function logText(raft: Raft): string {
  const parts: string[] = [];
  for (let index = raft.log.baseIndex + 1; index <= lastIndexOf(raft.log); index++) {
    parts.push(`${index}/${termAt(raft.log, index)}`);
  }
  return parts.join(",") || "none";
}
