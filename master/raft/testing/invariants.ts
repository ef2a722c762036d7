// What must hold in every run of a cluster, checked while it runs.

import { assert } from "../../../proto/errors.ts";
import type { MasterId } from "../../../proto/ids.ts";
import type { Entry } from "../entry.ts";
import { type PlacedMembership, termAt } from "../log.ts";
import { isSameMembership, type Membership, membershipOf, votersOf } from "../membership.ts";
import { decodeMembership } from "../membership-codec.ts";
import { hasQuorum } from "../quorum.ts";
import type { ReadOutcome } from "../state.ts";
import type { Cluster, Node, Watcher } from "./cluster.ts";
import { bytesToText } from "./text.ts";

export interface Invariants {
  readonly watcher: Watcher;
  readonly leaders: Map<number, MasterId>;
  /** Every entry that anyone applied, by index from 1. */
  readonly history: string[];
  readonly historyTerms: number[];
  /** The memberships among them. */
  readonly memberships: PlacedMembership[];
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
    memberships: [],
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
    if (entry.kind === "config") {
      self.memberships.push({ index: entry.index, membership: decodeMembership(entry.data) });
    }
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
  for (const node of cluster.nodes.values()) checkSnapshot(self, cluster, node);
}

/** A snapshot has the membership that was committed at its index, and no later one. */
function checkSnapshot(self: Invariants, cluster: Cluster, node: Node): void {
  const { snapshot } = node.durable;
  if (snapshot?.membership === undefined) return;
  const placed = self.memberships.findLast(({ index }) => index <= snapshot.index);
  const expected = placed?.membership ?? membershipOf(cluster.voters);
  const isRight = isSameMembership(snapshot.membership, expected);
  assert(isRight, `snapshot ${snapshot.index} of ${node.id} has a membership of another index`);
}

function checkDurable(self: Invariants, cluster: Cluster, index: number): void {
  const term = self.historyTerms[index - 1];
  const holders: MasterId[] = [];
  for (const { id, durable } of cluster.nodes.values()) {
    const base = durable.snapshot?.index ?? 0;
    if (index <= base || durable.entries[index - base - 1]?.term === term) holders.push(id);
  }
  // The leader counted by the newest membership in its log, which is one that somebody knows.
  const known: Membership[] = [...cluster.nodes.values()].flatMap(
    ({ raft }) => raft?.log.memberships.map((placed) => placed.membership) ?? [],
  );
  const isHeld = known.some((membership) =>
    hasQuorum(votersOf(membership), (id) => holders.includes(id)),
  );
  assert(isHeld, `entry ${index} was applied but is durable on ${holders.join(", ")} only`);
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
