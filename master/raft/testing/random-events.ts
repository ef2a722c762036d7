// Events of random runs that need several steps in the right order to be more than noise.

import { EngineError } from "../../../proto/errors.ts";
import type { RandomStream } from "../../../proto/ports/random.ts";
import type { MembershipChange } from "../membership.ts";
import type { Message } from "../messages.ts";
import { changeMembership, propose, readIndex, tick } from "../raft.ts";
import type { Raft } from "../state.ts";
import {
  type Cluster,
  compactNode,
  crashNode,
  finishSave,
  isCut,
  type Node,
  partition,
  pump,
  receive,
  startNode,
} from "./cluster.ts";
import type { Invariants } from "./invariants.ts";
import { textToBytes } from "./text.ts";

/** Old messages of which a copy may still come. */
const archivedMax = 200;

/** What events happen to. */
export interface Run {
  readonly cluster: Cluster;
  readonly invariants: Invariants;
  readonly random: RandomStream;
  readonly nodes: readonly Node[];
  /** Messages that were delivered or lost before: an old copy may come at any time. */
  readonly archive: Message[];
  proposals: number;
  crashes: number;
  drops: number;
}

export function leads(node: Node): boolean {
  return node.raft?.role.kind === "leader";
}

/** A copy that was under way for long: of its term still, or of one that is over. */
export function replay(run: Run, to?: Node): void {
  const { cluster, random } = run;
  const archive = run.archive.filter((message) => to === undefined || message.to === to.id);
  if (archive.length === 0) return;
  const message = archive[random.below(archive.length)]!;
  const receiver = cluster.nodes.get(message.to);
  if (receiver?.raft === undefined) return;
  receive(cluster, receiver, message);
}

/** A node's time runs until it stands for election: terms would change too seldom else. */
export function rush(run: Run, node: Node): void {
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
export function strand(run: Run, leader: Node): void {
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
export function duel(run: Run, voter: Node): void {
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

/** The oldest message of these kinds arrives, if there is one. */
function deliverNext(
  run: Run,
  kinds: readonly Message["kind"][],
  isMeant: (message: Message) => boolean,
): boolean {
  const at = run.cluster.network.findIndex(
    (message) => kinds.includes(message.kind) && isMeant(message),
  );
  if (at >= 0) arrive(run, at, "deliver");
  return at >= 0;
}

/** Messages of these kinds arrive, oldest first, until there are none or it is enough. */
function deliverOnly(
  run: Run,
  kinds: readonly Message["kind"][],
  isMeant: (message: Message) => boolean = () => true,
): void {
  for (let count = 0; count < 100 && deliverNext(run, kinds, isMeant); count++);
}

/**
 * Two stand for election in one term, since neither's requests for votes reach anybody before the other stands.
 * One that votes for the first loses power, maybe between two saves, and is then asked by the second.
 */
export function rivals(run: Run, voter: Node): void {
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
export function seesaw(run: Run): void {
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

/**
 * One that fell behind is sent a snapshot, of which the first piece arrives; then another leads, with a later
 * snapshot, and sends the whole of that.
 */
export function cross(run: Run, behind: Node): void {
  const { cluster, random, nodes } = run;
  const others = nodes.filter((node) => node !== behind);
  const apart = [others, [behind]].map((group) => group.map(({ id }) => id));
  const replicating: readonly Message["kind"][] = [
    ...(["append", "appendReply", "heartbeat", "heartbeatReply"] as const),
  ];
  const first = random.below(others.length);
  const second = (first + 1 + random.below(others.length - 1)) % others.length;
  for (const at of [first, second]) {
    const leader = others[at]!;
    const isTheirs = ({ from, to }: Message): boolean => [from, to].includes(leader.id);
    const isBetween = (message: Message): boolean =>
      isTheirs(message) && [message.from, message.to].includes(behind.id);
    partition(cluster, apart);
    awaken(run, nodes);
    seat(run, leader);
    if (leader.raft === undefined || !leads(leader)) return;
    for (let count = 0; count < 4; count++) {
      propose(leader.raft, textToBytes(`c${++run.proposals}`));
      pump(cluster, leader);
      deliverOnly(run, replicating, isTheirs);
    }
    for (const node of others) compactNode(node);
    cluster.cut.clear();
    for (let beat = 0; beat < 3; beat++) {
      for (let ticks = 0; ticks < leader.raft.config.heartbeatTicks; ticks++) tick(leader.raft);
      pump(cluster, leader);
      deliverOnly(run, replicating, isBetween);
    }
    if (at === first) deliverNext(run, ["installSnapshot"], isBetween);
    else deliverOnly(run, [...replicating, "installSnapshot", "installSnapshotReply"], isBetween);
  }
}

/** Any change to any node; what makes no sense is refused. */
export function changeSomething(run: Run, raft: Raft): void {
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

export function splitInTwo(run: Run): readonly (readonly string[])[] {
  const sides = run.nodes.map((node) => ({ id: node.id, side: run.random.below(2) }));
  return [0, 1].map((side) => sides.filter((one) => one.side === side).map((one) => one.id));
}

/** Any message in the network may be next: order is not kept. */
export function happenToMessage(run: Run, event: "deliver" | "drop" | "duplicate"): void {
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
