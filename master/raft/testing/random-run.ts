// One run of a cluster from one seed: random faults first, then calm, in which it must recover.

import { assert, unreachable } from "../../../proto/errors.ts";
import { type RandomStream, randomStream } from "../../../proto/ports/random.ts";
import { defaultRaftConfig, type RaftConfig } from "../config.ts";
import { allMembers, isJoint } from "../membership.ts";
import type { PlantedBug } from "../planted-bugs.ts";
import { propose, readIndex, tick, transferLeadership } from "../raft.ts";
import { membershipStatusOf, type Raft } from "../state.ts";
import {
  compactNode,
  crashNode,
  finishSave,
  type Node,
  newCluster,
  partition,
  pump,
  startNode,
} from "./cluster.ts";
import { checkAlways, checkLogs, newInvariants } from "./invariants.ts";
import {
  changeSomething,
  cross,
  duel,
  happenToMessage,
  leads,
  type Run,
  replay,
  rivals,
  rush,
  seesaw,
  splitInTwo,
  strand,
} from "./random-events.ts";
import { textToBytes } from "./text.ts";

export interface RunReport {
  readonly applied: number;
  readonly terms: number;
  readonly crashes: number;
  readonly drops: number;
  readonly reads: number;
  readonly snapshots: number;
  readonly changes: number;
}

const eventNames = [
  ...["tick", "deliver", "drop", "duplicate", "propose", "save", "hold", "crash"],
  ...["restart", "compact", "partition", "heal", "read", "transfer", "change"],
  ...["replay", "rush", "strand", "duel", "rivals", "seesaw", "cross"],
] as const;
type EventName = (typeof eventNames)[number];

const usualWeights: Readonly<Record<string, number>> = {
  tick: 150,
  deliver: 400,
  propose: 30,
  save: 80,
  hold: 4,
  restart: 10,
  heal: 8,
  read: 20,
  change: 10,
  replay: 12,
  rush: 5,
  strand: 3,
  duel: 3,
  rivals: 2,
  seesaw: 2,
  cross: 1,
};

const smallConfig: RaftConfig = {
  ...defaultRaftConfig,
  electionTicksMin: 6,
  electionTicksMax: 12,
  appendEntriesMax: 3,
  inflightMessagesMax: 3,
  entriesKeptAfterSnapshot: 2,
  snapshotRetryTicks: 20,
  snapshotChunkBytesMax: 20,
  savesInflightMax: 4,
};

/** A cluster in which these many events have happened. */
export function randomCluster(seed: number, steps: number, plantedBug?: PlantedBug): Run {
  const random = randomStream(seed).child("events");
  const invariants = newInvariants();
  const names = ["n1", "n2", "n3", "n4", "n5"];
  const votersMax = random.below(2) === 0 ? 3 : 5;
  // One entry at a time leaves more moments between two of them.
  const appendEntriesMax = random.below(2) === 0 ? 1 : smallConfig.appendEntriesMax;
  const tellsCommitsAtOnce = seed % 2 === 0;
  const config = { ...smallConfig, plantedBug, tellsCommitsAtOnce, appendEntriesMax };
  const cluster = newCluster(names, config, seed, invariants.watcher, votersMax);
  const nodes = [...cluster.nodes.values()];
  // Each seed draws its own mix of faults.
  const weights = eventNames.map(
    (name) => [name, usualWeights[name] ?? random.below(2) * random.below(8)] as const,
  );
  const run: Run = {
    ...{ cluster, invariants, random, nodes },
    archive: [],
    ...{ proposals: 0, crashes: 0, drops: 0 },
  };
  for (let count = 0; count < steps; count++) {
    const event = pickEvent(random, weights);
    const node = pickNode(run, event);
    happen(run, event, node);
    pump(cluster, node);
    checkAlways(invariants, cluster);
    if (count % 64 === 0) checkLogs(invariants, cluster);
  }
  return run;
}

export function randomRun(seed: number, steps: number, plantedBug?: PlantedBug): RunReport {
  const run = randomCluster(seed, steps, plantedBug);
  const { invariants } = run;
  calmDown(run);
  return {
    applied: invariants.history.length,
    terms: invariants.leaders.size,
    crashes: run.crashes,
    drops: run.drops,
    reads: invariants.readsAnswered,
    snapshots: invariants.snapshotsInstalled,
    changes: invariants.memberships.length,
  };
}

/** What only leaders accept mostly goes to one that takes itself for a leader. */
function pickNode({ nodes, random }: Run, event: EventName): Node {
  const isForLeaders = ["propose", "read", "change", "transfer", "strand"].includes(event);
  const leaders = isForLeaders && random.below(8) > 0 ? nodes.filter(leads) : [];
  const choice = leaders.length > 0 ? leaders : nodes;
  return choice[random.below(choice.length)]!;
}

function pickEvent(
  random: RandomStream,
  weights: readonly (readonly [EventName, number])[],
): EventName {
  const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
  let at = random.below(total);
  for (const [name, weight] of weights) {
    if (at < weight) return name;
    at -= weight;
  }
  return "tick";
}

function happen(run: Run, event: EventName, node: Node): void {
  const { cluster, random, invariants } = run;
  const raft = node.raft;
  switch (event) {
    case "tick":
      if (raft !== undefined) tick(raft);
      return;
    case "deliver":
    case "drop":
    case "duplicate":
      happenToMessage(run, event);
      return;
    case "propose":
      if (raft !== undefined) propose(raft, textToBytes(`c${++run.proposals}`));
      return;
    case "save":
      finishSave(cluster, node);
      return;
    case "hold":
      node.holdsSaves = !node.holdsSaves;
      return;
    case "crash":
      if (raft === undefined) return;
      run.crashes++;
      crashNode(node, random.below(node.saving.length + 1));
      return;
    case "restart":
      if (raft === undefined) startNode(cluster, node);
      return;
    case "compact":
      compactNode(node);
      return;
    case "partition":
      partition(cluster, splitInTwo(run));
      return;
    case "heal":
      cluster.cut.clear();
      return;
    case "read": {
      const context = invariants.readsAsked.size;
      invariants.readsAsked.set(context, invariants.history.length);
      if (raft !== undefined) readIndex(raft, context);
      return;
    }
    case "transfer":
      if (raft !== undefined) transferLeadership(raft, run.nodes[random.below(5)]!.id);
      return;
    case "change":
      if (raft !== undefined) changeSomething(run, raft);
      return;
    case "replay":
      replay(run);
      return;
    case "rush":
    case "strand":
    case "duel":
    case "rivals":
    case "seesaw":
    case "cross":
      return { rush, strand, duel, rivals, seesaw, cross }[event](run, node);
    default:
      unreachable(event);
  }
}

/**
 * A voter that hears nothing of its leader, as one that was removed and was not told, and can be heard: it must
 * not bring down a leader that a majority hears without it.
 */
function deafen({ cluster, random }: Run, leader: Raft): void {
  const { voters } = membershipStatusOf(leader).membership;
  const others = voters.filter((id) => id !== leader.id);
  if (voters.length >= 3) cluster.cut.add(`${leader.id}>${others[random.below(others.length)]}`);
}

/** Everything heals: soon there is a leader, a new command is applied by all, and all are equal. */
function calmDown(run: Run): void {
  const { cluster, invariants, nodes } = run;
  cluster.cut.clear();
  for (const node of nodes) {
    node.holdsSaves = false;
    while (node.saving.length > 0) finishSave(cluster, node);
    if (node.raft === undefined) startNode(cluster, node);
  }
  let marker = "";
  let calmTerm = 0;
  for (let round = 0; round < 200; round++) {
    for (const node of nodes) {
      if (node.raft !== undefined) tick(node.raft);
      pump(cluster, node);
    }
    for (let count = 0; cluster.network.length > 0; count++) {
      assert(count < 20_000, "calm did not end: messages answer one another for ever");
      happenToMessage(run, "deliver");
    }
    checkAlways(invariants, cluster);
    const leader = nodes.find((node) => node.raft?.role.kind === "leader")?.raft;
    if (round === 100) calmTerm = leader?.term ?? 0;
    if (round === 120 && leader !== undefined) deafen(run, leader);
    if (round === 160) cluster.cut.clear();
    if (round >= 100 && marker === "" && leader !== undefined) {
      if (propose(leader, textToBytes("last")).kind === "accepted") marker = "last";
    }
  }
  checkLogs(invariants, cluster);
  const lead = nodes.find((node) => node.raft?.role.kind === "leader")?.raft;
  assert(lead !== undefined, "calm did not bring a leader");
  assert(lead.term === calmTerm, `in calm ${lead.id} leads ${lead.term} after ${calmTerm}`);
  const { membership, isCommitted } = membershipStatusOf(lead);
  assert(isCommitted && !isJoint(membership), "calm did not end a change of membership");
  const members = allMembers(membership);
  const states = nodes
    .filter((node) => members.includes(node.id))
    .map((node) => node.applied.join(","));
  assert(marker !== "" && states[0]!.endsWith("last"), "calm did not bring a working leader");
  for (const state of states) assert(state === states[0], `states differ: ${states.join(" | ")}`);
}
