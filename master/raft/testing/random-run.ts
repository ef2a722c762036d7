// One run of a cluster from one seed: random faults first, then calm, in which it must recover.

import { assert, EngineError, unreachable } from "../../../proto/errors.ts";
import { type RandomStream, randomStream } from "../../../proto/ports/random.ts";
import { defaultRaftConfig, type RaftConfig } from "../config.ts";
import { allMembers, isJoint, type MembershipChange } from "../membership.ts";
import type { Message } from "../messages.ts";
import type { PlantedBug } from "../planted-bugs.ts";
import { changeMembership, propose, readIndex, tick, transferLeadership } from "../raft.ts";
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
  receive,
  startNode,
} from "./cluster.ts";
import { checkAlways, checkLogs, type Invariants, newInvariants } from "./invariants.ts";
import { textToBytes } from "./text.ts";

/** Old messages of which a copy may still come. */
const archivedMax = 200;

export interface RunReport {
  readonly applied: number;
  readonly terms: number;
  readonly crashes: number;
  readonly drops: number;
  readonly reads: number;
  readonly snapshots: number;
  readonly changes: number;
}

export interface Run {
  readonly cluster: Cluster;
  readonly invariants: Invariants;
  readonly random: RandomStream;
  readonly nodes: readonly Node[];
  /** Messages that were delivered or lost before: an old copy may come at any time. */
  readonly archive: Message[];
  /** Weight of each event in this run: each seed draws its own mix of faults. */
  readonly weights: readonly (readonly [EventName, number])[];
  proposals: number;
  crashes: number;
  drops: number;
}

const eventNames = [
  ...["tick", "deliver", "drop", "duplicate", "propose", "save", "hold", "crash"],
  ...["restart", "compact", "partition", "heal", "read", "transfer", "change"],
  ...["replay", "rush", "strand", "duel", "rivals", "seesaw"],
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
  const weights = eventNames.map(
    (name) => [name, usualWeights[name] ?? random.below(2) * random.below(8)] as const,
  );
  const run: Run = {
    ...{ cluster, invariants, random, nodes, weights },
    archive: [],
    ...{ proposals: 0, crashes: 0, drops: 0 },
  };
  for (let count = 0; count < steps; count++) {
    const event = pickEvent(run);
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

function leads(node: Node): boolean {
  return node.raft?.role.kind === "leader";
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
    case "replay":
      replay(run);
      return;
    case "rush":
    case "strand":
    case "duel":
    case "rivals":
    case "seesaw":
      return { rush, strand, duel, rivals, seesaw }[event](run, node);
    default:
      unreachable(event);
  }
}

/** A copy that was under way for long: of its term still, or of one that is over. */
function replay(run: Run, to?: Node): void {
  const { cluster, random } = run;
  const archive = run.archive.filter((message) => to === undefined || message.to === to.id);
  if (archive.length === 0) return;
  const message = archive[random.below(archive.length)]!;
  const receiver = cluster.nodes.get(message.to);
  if (receiver?.raft === undefined) return;
  receive(cluster, receiver, message);
}

/** A node's time runs until it stands for election: terms would change too seldom else. */
function rush(run: Run, node: Node): void {
  const { raft } = node;
  if (raft === undefined || raft.role.kind === "leader") return;
  for (let ticks = 0; ticks <= raft.config.electionTicksMax; ticks++) {
    if (raft.role.kind !== "follower") break;
    tick(raft);
  }
  pump(run.cluster, node);
}

/**
 * A leader, alone or with one other, is cut off with what it just took on; the others elect another, and
 * what was late for the old one arrives.
 */
function strand(run: Run, leader: Node): void {
  const { cluster, random, nodes, invariants } = run;
  const { raft } = leader;
  if (raft === undefined || !leads(leader)) return;
  const friend = nodes[random.below(nodes.length)]!.id;
  const minority = random.below(2) === 0 ? [leader.id] : [leader.id, friend];
  const others = nodes.filter(({ id }) => !minority.includes(id));
  partition(cluster, [minority, others.map(({ id }) => id)]);
  for (let count = random.below(3); count >= 0; count--) {
    if (random.below(3) === 0) changeSomething(run, raft);
    else propose(raft, textToBytes(`c${++run.proposals}`));
  }
  pump(cluster, leader);
  passSilence(run, others);
  for (let count = random.below(60); count > 0; count--) happenToMessage(run, "deliver");
  if (leader.raft !== raft || random.below(2) === 0) return;
  const context = invariants.readsAsked.size;
  invariants.readsAsked.set(context, invariants.history.length);
  readIndex(raft, context);
  pump(cluster, leader);
  for (let count = 0; count < 20; count++) replay(run, leader);
}

/** So long without a word from a leader that these stand for election, or vote in one. */
function passSilence(run: Run, nodes: readonly Node[]): void {
  for (const { raft } of nodes) {
    if (raft !== undefined) raft.electionElapsedTicks += raft.config.electionTicksMin;
  }
  rush(run, nodes[run.random.below(nodes.length)]!);
}

/** Two stand for election at once; one that votes loses power between two saves, and is asked again. */
function duel(run: Run, voter: Node): void {
  const { random, cluster, nodes } = run;
  const rivals = nodes.filter((node) => node !== voter && !leads(node));
  voter.holdsSaves = true;
  passSilence(
    run,
    nodes.filter((node) => !leads(node)),
  );
  rush(run, rivals[random.below(rivals.length)]!);
  for (let count = 10 + random.below(40); count > 0; count--) happenToMessage(run, "deliver");
  finishSave(cluster, voter);
  if (voter.raft === undefined || random.below(2) === 0) return;
  run.crashes++;
  crashNode(voter, random.below(voter.saving.length + 1));
  voter.holdsSaves = false;
  startNode(cluster, voter);
  for (let count = 0; count < 20; count++) replay(run, voter);
}

/** These run, their disks are quick, and no leader was heard for long. */
function awaken({ cluster }: Run, nodes: readonly Node[]): void {
  for (const node of nodes) {
    node.holdsSaves = false;
    while (node.saving.length > 0) finishSave(cluster, node);
    if (node.raft === undefined) startNode(cluster, node);
    pump(cluster, node);
    if (node.raft !== undefined) {
      node.raft.electionElapsedTicks += node.raft.config.electionTicksMin;
    }
  }
}

const canvassing: readonly Message["kind"][] = ["preVote", "preVoteReply"];
const electing: readonly Message["kind"][] = [...canvassing, "vote", "voteReply"];

/** Messages of these kinds arrive, oldest first, until there are none or it is enough. */
function deliverOnly(
  run: Run,
  kinds: readonly Message["kind"][],
  isMeant: (message: Message) => boolean = () => true,
): void {
  const { cluster } = run;
  for (let count = 0; count < 100; count++) {
    const at = cluster.network.findIndex(
      (message) => kinds.includes(message.kind) && isMeant(message),
    );
    if (at < 0) return;
    arrive(run, at, "deliver");
  }
}

/**
 * Two stand for election in one term, since neither's requests for votes reach anybody before the other stands.
 * One that votes for the first loses power, maybe between two saves, and is then asked by the second.
 */
function rivals(run: Run, voter: Node): void {
  const { random, cluster, nodes } = run;
  const others = nodes.filter((node) => node !== voter && node.raft !== undefined && !leads(node));
  const first = others[random.below(Math.max(1, others.length))];
  const second = others[random.below(Math.max(1, others.length))];
  if (first === undefined || second === undefined || first === second) return;
  cluster.cut.clear();
  awaken(run, nodes);
  rush(run, first);
  rush(run, second);
  deliverOnly(run, canvassing);
  voter.holdsSaves = true;
  deliverOnly(run, ["vote"], ({ from, to }) => from === first.id && to === voter.id);
  for (let count = random.below(3); count > 0; count--) finishSave(cluster, voter);
  if (voter.raft !== undefined) {
    run.crashes++;
    crashNode(voter, random.below(voter.saving.length + 1));
    startNode(cluster, voter);
  }
  voter.holdsSaves = false;
  pump(cluster, voter);
  deliverOnly(run, ["vote"], ({ from, to }) => from === second.id && to === voter.id);
  deliverOnly(run, ["voteReply"]);
}

/** It leads in the end, if those that it reaches let it. */
function seat(run: Run, node: Node): void {
  const { raft } = node;
  for (let tries = 0; tries < 3 && raft !== undefined; tries++) {
    const lastTerm = Math.max(...run.nodes.map((each) => each.raft?.term ?? 0));
    if (leads(node) && raft.term === lastTerm) return;
    // One that leads a term that is over has to notice that nobody answers.
    for (let ticks = 0; leads(node) && ticks < 4 * raft.config.electionTicksMax; ticks++)
      tick(raft);
    rush(run, node);
    deliverOnly(run, electing);
  }
}

/**
 * Two of five lead in turns (Raft paper, figure 8): each with a majority without the other, and for so short
 * that only some of what it has gets to some.
 */
function seesaw(run: Run): void {
  const { cluster, random, nodes } = run;
  const [one, other] = splitInTwo(run).flat().slice(0, 2);
  const leaders = nodes.filter(({ id }) => id === one || id === other);
  for (let turn = 0; turn < 4; turn++) {
    const leader = leaders[turn % 2]!;
    const rest = nodes.filter((node) => !leaders.includes(node));
    const left = rest[random.below(rest.length)];
    const group = [leader, ...rest.filter((node) => node !== left)];
    partition(cluster, [group.map(({ id }) => id), [leaders[(turn + 1) % 2]!.id, left!.id]]);
    awaken(run, group);
    seat(run, leader);
    if (turn === 0 && leader.raft !== undefined) {
      propose(leader.raft, textToBytes(`c${++run.proposals}`));
      pump(cluster, leader);
    }
    for (let count = random.below(6); count > 0; count--) happenToMessage(run, "deliver");
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
  arrive(run, random.below(Math.min(cluster.network.length, 40)), event);
}

function arrive(run: Run, at: number, event: "deliver" | "drop" | "duplicate"): void {
  const { cluster, random, archive } = run;
  const message = cluster.network[at]!;
  archive.push(message);
  if (archive.length > archivedMax) archive.splice(random.below(archivedMax), 1);
  if (event !== "duplicate") cluster.network.splice(at, 1);
  const receiver = cluster.nodes.get(message.to);
  if (event === "drop" || isCut(cluster, message) || receiver?.raft === undefined) {
    run.drops++;
    return;
  }
  receive(cluster, receiver, message);
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
