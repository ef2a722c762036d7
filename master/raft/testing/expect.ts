// The assertions of a script: they hold whatever the printed output was accepted as.

import { AssertionError, assert } from "../../../proto/errors.ts";
import { asMasterId } from "../../../proto/ids.ts";
import { lastIndexOf, termAt } from "../log.ts";
import type { Raft } from "../state.ts";
import type { Cluster, Node } from "./cluster.ts";

/** `expect n1 leader`, `expect n2 term 3`, `expect n1 applied a,b`, `expect n1 log 1/1,2/1` ... */
export function checkExpectation(cluster: Cluster, words: readonly string[]): void {
  const [name = "", property = "", wanted = "none"] = words;
  const names = name === "all" ? [...cluster.nodes.keys()] : [asMasterId(name)];
  for (const id of names) {
    const node = cluster.nodes.get(id);
    assert(node !== undefined, `expect ${words.join(" ")}: there is no ${id}`);
    const isRole = ["leader", "follower", "candidate", "preCandidate"].includes(property);
    const found = isRole ? (node.raft?.role.kind ?? "stopped") : propertyOf(node, property);
    const expected = isRole ? property : wanted;
    assert(found === expected, `expect ${words.join(" ")}: ${id} has ${found}`);
  }
}

function propertyOf(node: Node, property: string): string {
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
    default:
      throw new AssertionError(`scripts cannot expect "${property}"`);
  }
}

function logText(raft: Raft): string {
  const parts: string[] = [];
  for (let index = raft.log.baseIndex + 1; index <= lastIndexOf(raft.log); index++) {
    parts.push(`${index}/${termAt(raft.log, index)}`);
  }
  return parts.join(",") || "none";
}
