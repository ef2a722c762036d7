// One run of a cluster from one seed: random faults first, then calm, in which it must recover.

import { assert, EngineError } from "../../../proto/errors.ts";
import { type RandomStream, randomStream } from "../../../proto/ports/random.ts";
import { defaultRaftConfig, type RaftConfig } from "../config.ts";
import { allMembers, isJoint, type MembershipChange } from "../membership.ts";
import type { PlantedBug } from "../planted-bugs.ts";
import { changeMembership, propose, readIndex, step, tick, transferLeadership } from "../raft.ts";
import { membershipStatusOf, type Raft } from "../state.ts";
import {
  type Cluster,
  compactNode,
  crashNode,
  finishSave,
  isCut,
  type Node,
  newCluster,
  partition,
  pump,
  startNode,
} from "./cluster.ts";
import { checkAlways, checkLogs, type Invariants, newInvariants } from "./invariants.ts";
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

interface Run {
  readonly cluster: Cluster;
  readonly invariants: Invariants;
  readonly random: RandomStream;
  readonly nodes: readonly Node[];
  /** Weight of each event in this run: each seed draws its own mix of faults. */
  readonly weights: readonly (readonly [EventName, number])[];
  proposals: number;
  crashes: number;
  drops: number;
}

const eventNames = [
  ...["tick", "deliver", "drop", "duplicate", "propose", "save", "hold", "crash"],
  ...["restart", "compact", "partition", "heal", "read", "transfer", "change"],
] as const;
type EventName = (typeof eventNames)[number];

const usualWeights: Readonly<Record<string, number>> = {
  tick: 50,
  deliver: 400,
  propose: 30,
  save: 80,
  hold: 4,
  restart: 10,
  heal: 3,
  read: 6,
  change: 5,
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

export function randomRun(seed: number, steps: number, plantedBug?: PlantedBug): RunReport {
  const random = randomStream(seed).child("events");
  const invariants = newInvariants();
  const names = ["n1", "n2", "n3", "n4", "n5"];
  const votersMax = random.below(2) === 0 ? 3 : 5;
  const config = { ...smallConfig, plantedBug, tellsCommitsAtOnce: seed % 2 === 0 };
  const cluster = newCluster(names, config, seed, invariants.watcher, votersMax);
  const nodes = [...cluster.nodes.values()];
  const weights = eventNames.map(
    (name) => [name, usualWeights[name] ?? random.below(2) * random.below(8)] as const,
  );
  const run: Run = {
    ...{ cluster, invariants, random, nodes, weights },
    ...{ proposals: 0, crashes: 0, drops: 0 },
  };
  for (let count = 0; count < steps; count++) {
    const node = nodes[random.below(nodes.length)]!;
    happen(run, pickEvent(run), node);
    pump(cluster, node);
    checkAlways(invariants, cluster);
    if (count % 64 === 0) checkLogs(invariants, cluster);
  }
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

function pickEvent(run: Run): EventName {
  const total = run.weights.reduce((sum, [, weight]) => sum + weight, 0);
  let at = run.random.below(total);
  for (const [name, weight] of run.weights) {
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
  }
}

/** Any change to any node; what makes no sense is refused. */
function changeSomething(run: Run, raft: Raft): void {
  const { random, nodes } = run;
  const id = nodes[random.below(nodes.length)]!.id;
  const added = nodes[random.below(nodes.length)]!.id;
  const changes: readonly MembershipChange[] = [
    { kind: "addLearner", id },
    { kind: "addVoter", id },
    { kind: "remove", id },
    { kind: "demote", id },
    { kind: "replace", removed: id, added },
  ];
  try {
    changeMembership(raft, changes[random.below(changes.length)]!);
  } catch (thrown) {
    if (!(thrown instanceof EngineError && thrown.code === "USAGE")) throw thrown;
  }
}

function splitInTwo(run: Run): readonly (readonly string[])[] {
  const sides = run.nodes.map((node) => ({ id: node.id, side: run.random.below(2) }));
  return [0, 1].map((side) => sides.filter((one) => one.side === side).map((one) => one.id));
}

/** Any message in the network may be next: order is not kept. */
function happenToMessage(run: Run, event: "deliver" | "drop" | "duplicate"): void {
  const { cluster, random } = run;
  if (cluster.network.length === 0) return;
  const at = random.below(Math.min(cluster.network.length, 40));
  const message = cluster.network[at]!;
  if (event !== "duplicate") cluster.network.splice(at, 1);
  const receiver = cluster.nodes.get(message.to);
  if (event === "drop" || isCut(cluster, message) || receiver?.raft === undefined) {
    run.drops++;
    return;
  }
  step(receiver.raft, message);
  pump(cluster, receiver);
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
    if (round >= 100 && marker === "" && leader !== undefined) {
      if (propose(leader, textToBytes("last")).kind === "accepted") marker = "last";
    }
  }
  checkLogs(invariants, cluster);
  const lead = nodes.find((node) => node.raft?.role.kind === "leader")?.raft;
  assert(lead !== undefined, "calm did not bring a leader");
  const { membership, isCommitted } = membershipStatusOf(lead);
  assert(isCommitted && !isJoint(membership), "calm did not end a change of membership");
  const members = allMembers(membership);
  const states = nodes
    .filter((node) => members.includes(node.id))
    .map((node) => node.applied.join(","));
  assert(marker !== "" && states[0]!.endsWith("last"), "calm did not bring a working leader");
  for (const state of states) assert(state === states[0], `states differ: ${states.join(" | ")}`);
}
