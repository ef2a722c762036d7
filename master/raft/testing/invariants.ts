// What must hold in every run of a cluster, checked while it runs.

import { assert } from "../../../proto/errors.ts";
import type { MasterId } from "../../../proto/ids.ts";
import type { Entry } from "../entry.ts";
import { termAt } from "../log.ts";
import { majority } from "../quorum.ts";
import type { ReadOutcome } from "../state.ts";
import type { Cluster, Node, Watcher } from "./cluster.ts";
import { bytesToText } from "./text.ts";

export interface Invariants {
  readonly watcher: Watcher;
  readonly leaders: Map<number, MasterId>;
  /** Every entry that anyone applied, by index from 1. */
  readonly history: string[];
  readonly historyTerms: number[];
  /** By context: how far history went when the read was asked for. */
  readonly readsAsked: Map<number, number>;
  /** Found to be applied since the last check, so durability can be counted. */
  unchecked: number[];
  readsAnswered: number;
  snapshotsInstalled: number;
}

export function newInvariants(): Invariants {
  const self: Invariants = {
    watcher: {
      applied: (node, entry) => noteApplied(self, node, entry),
      restored: () => {
        self.snapshotsInstalled++;
      },
      read: (_node, outcome) => noteRead(self, outcome),
    },
    leaders: new Map(),
    history: [],
    historyTerms: [],
    readsAsked: new Map(),
    unchecked: [],
    readsAnswered: 0,
    snapshotsInstalled: 0,
  };
  return self;
}

function noteApplied(self: Invariants, node: Node, entry: Entry): void {
  const text = `${entry.term} ${entry.kind} ${bytesToText(entry.data)}`;
  const before = self.history[entry.index - 1];
  if (before === undefined) {
    assert(self.history.length === entry.index - 1, `${node.id} skipped to ${entry.index}`);
    self.history.push(text);
    self.historyTerms.push(entry.term);
    self.unchecked.push(entry.index);
    return;
  }
  assert(before === text, `${node.id} applied "${text}" at ${entry.index}, others "${before}"`);
}

function noteRead(self: Invariants, outcome: ReadOutcome): void {
  if (outcome.kind === "lost") return;
  const asked = self.readsAsked.get(outcome.context) ?? 0;
  assert(outcome.index >= asked, `stale read: at ${outcome.index}, but ${asked} was applied`);
  self.readsAnswered++;
}

/** After every event. */
export function checkAlways(self: Invariants, cluster: Cluster): void {
  for (const { id, raft } of cluster.nodes.values()) {
    if (raft?.role.kind !== "leader") continue;
    const known = self.leaders.get(raft.term) ?? id;
    assert(known === id, `${known} and ${id} both lead term ${raft.term}`);
    self.leaders.set(raft.term, id);
  }
  for (const index of self.unchecked) checkDurable(self, cluster, index);
  self.unchecked = [];
}

function checkDurable(self: Invariants, cluster: Cluster, index: number): void {
  const term = self.historyTerms[index - 1];
  let holders = 0;
  for (const { durable } of cluster.nodes.values()) {
    const base = durable.snapshot?.index ?? 0;
    if (index <= base || durable.entries[index - base - 1]?.term === term) holders++;
  }
  const needed = majority(cluster.nodes.size);
  assert(holders >= needed, `entry ${index} was applied but is durable on ${holders} only`);
}

/** Now and then: equal (index, term) means equal logs up to there, and history is everywhere. */
export function checkLogs(self: Invariants, cluster: Cluster): void {
  const rafts = [...cluster.nodes.values()].flatMap(({ raft }) => (raft ? [raft] : []));
  for (const left of rafts) {
    const commit = Math.min(left.log.commitIndex, self.historyTerms.length);
    for (let index = left.log.baseIndex + 1; index <= commit; index++) {
      const term = termAt(left.log, index);
      assert(term === self.historyTerms[index - 1], `${left.id} changed committed ${index}`);
    }
    for (const right of rafts) {
      let mustAgree = false;
      const lowest = Math.max(left.log.baseIndex, right.log.baseIndex);
      for (let index = left.log.baseIndex + left.log.entries.length; index > lowest; index--) {
        const isEqual = termAt(left.log, index) === termAt(right.log, index);
        assert(isEqual || !mustAgree, `${left.id} and ${right.id} differ below a match: ${index}`);
        mustAgree ||= isEqual;
      }
    }
  }
}
