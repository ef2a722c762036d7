// A cluster of Raft cores in memory, with a disk each and one network: the bench of all tests.

import { AssertionError, assert, EngineError } from "../../../proto/errors.ts";
import { asMasterId, type MasterId } from "../../../proto/ids.ts";
import { type RandomStream, randomStream } from "../../../proto/ports/random.ts";
import type { RaftConfig } from "../config.ts";
import { type Entry, emptyHardState, type HardState, type Snapshot } from "../entry.ts";
import type { Message } from "../messages.ts";
import { simpleVoters, type Voters } from "../quorum.ts";
import { createRaft, step } from "../raft.ts";
import { applied, compacted, persisted, type Ready, snapshotAt, takeReady } from "../ready.ts";
import type { Raft, ReadOutcome } from "../state.ts";
import { bytesToText, textToBytes } from "./text.ts";

/** What survives a crash. */
export interface DurableState {
  hardState: HardState;
  snapshot: Snapshot | undefined;
  entries: readonly Entry[];
}

export interface Node {
  readonly id: MasterId;
  raft: Raft | undefined;
  durable: DurableState;
  /** Taken from the core and not yet durable, oldest first. */
  saving: Ready[];
  /** While true, saves wait for `finishSave`. */
  holdsSaves: boolean;
  /** While true the process stands still: no ticks, and messages wait. */
  isPaused: boolean;
  /** While true nothing more can be written. */
  isDiskFull: boolean;
  /** What its storage says of its log once a bit of it flipped. */
  damage: string | undefined;
  readonly clock: Clock;
  /** How each read ended, by context. */
  readonly reads: Map<number, string>;
  /** The state machine: texts of the commands applied, and the last index. */
  applied: string[];
  appliedIndex: number;
  starts: number;
  /** Its log tells who votes: it did not found the cluster. */
  joins: boolean;
}

/** Ticks for each hundred of true time, and what is left over of them. */
export interface Clock {
  percent: number;
  restPercent: number;
}

/** What a watcher sees; the script printer and the checker of invariants are such. */
export interface Watcher {
  ready?(node: Node, ready: Ready): void;
  saved?(node: Node, ready: Ready): void;
  /** It cannot save, so it ends. */
  full?(node: Node): void;
  applied?(node: Node, entry: Entry): void;
  restored?(node: Node, snapshot: Snapshot): void;
  read?(node: Node, outcome: ReadOutcome): void;
}

export interface Cluster {
  readonly nodes: Map<MasterId, Node>;
  readonly voters: Voters;
  readonly config: RaftConfig;
  readonly random: RandomStream;
  readonly watcher: Watcher;
  network: Message[];
  /** Ordered pairs `from>to` that nothing passes. */
  readonly cut: Set<string>;
}

export function newCluster(
  names: readonly string[],
  config: RaftConfig,
  seed: number,
  watcher: Watcher,
  votersMax = names.length,
): Cluster {
  const ids = names.map(asMasterId);
  const cluster: Cluster = {
    nodes: new Map(),
    voters: simpleVoters(ids.slice(0, votersMax)),
    config,
    random: randomStream(seed),
    watcher,
    network: [],
    cut: new Set(),
  };
  for (const id of ids) {
    const durable: DurableState = { hardState: emptyHardState, snapshot: undefined, entries: [] };
    const node: Node = {
      id,
      raft: undefined,
      durable,
      saving: [],
      holdsSaves: false,
      isPaused: false,
      isDiskFull: false,
      damage: undefined,
      clock: { percent: 100, restPercent: 0 },
      reads: new Map(),
      applied: [],
      appliedIndex: 0,
      starts: 0,
      joins: false,
    };
    cluster.nodes.set(id, node);
    startNode(cluster, node);
  }
  return cluster;
}

/** Starts a node from what is durable, as a driver does after recovery. */
export function startNode(cluster: Cluster, node: Node): void {
  assert(node.raft === undefined, `${node.id} runs already`);
  assert(node.damage === undefined, `${node.id} would vote from a damaged log`);
  const { config } = cluster;
  const voters = node.joins ? simpleVoters([]) : cluster.voters;
  const { hardState, snapshot, entries } = node.durable;
  node.starts++;
  restoreState(node, snapshot);
  const random = cluster.random.child(`${node.id}/${node.starts}`);
  node.raft = createRaft({ id: node.id, voters, config, random, hardState, snapshot, entries });
}

/** Stops a node; another data folder, with nothing in it, is to start under its name. */
export function emptyNode(node: Node): void {
  crashNode(node, 0);
  node.durable = { hardState: emptyHardState, snapshot: undefined, entries: [] };
  node.damage = undefined;
  node.joins = true;
}

/** Stops a node. The oldest `savedCount` saves under way had reached the disk, the rest is lost. */
export function crashNode(node: Node, savedCount: number): void {
  for (const ready of node.saving.slice(0, savedCount)) saveTo(node.durable, ready);
  node.saving = [];
  node.isPaused = false;
  node.raft = undefined;
}

/**
 * Stops a node while its oldest save is being written: of the entries only the first few are there.
 * Term and vote come before them in the file; a leader's snapshot is there whole or not at all.
 */
export function tearNode(node: Node, entriesKept: number): void {
  const torn = node.saving[0];
  if (torn !== undefined) {
    saveTo(node.durable, { ...torn, entries: torn.entries.slice(0, entriesKept) });
  }
  crashNode(node, 0);
}

function restoreState(node: Node, snapshot: Snapshot | undefined): void {
  const text = snapshot === undefined ? "" : bytesToText(snapshot.bytes);
  node.applied = text === "" ? [] : text.split(",").reverse();
  node.appliedIndex = snapshot?.index ?? 0;
}

function saveTo(durable: DurableState, ready: Ready): void {
  if (ready.snapshot !== undefined) {
    durable.snapshot = ready.snapshot;
    durable.entries = [];
  }
  const first = ready.entries[0];
  if (first !== undefined) {
    const base = durable.snapshot?.index ?? 0;
    const kept = durable.entries.filter((entry) => entry.index < first.index);
    const added = ready.entries.filter((entry) => entry.index > base);
    durable.entries = [...kept, ...added];
    const last = durable.entries.at(-1)?.index ?? base;
    assert(last === base + durable.entries.length, `gap in the durable log before ${last}`);
  }
  if (ready.hardState !== undefined) durable.hardState = ready.hardState;
}

/** Takes all that a node has ready; saves at once unless the node holds its saves. */
export function pump(cluster: Cluster, node: Node): void {
  for (;;) {
    const ready = node.raft === undefined ? undefined : takeReady(node.raft);
    if (ready === undefined) return;
    cluster.watcher.ready?.(node, ready);
    cluster.network.push(...ready.messagesBeforeSync);
    for (const outcome of ready.reads) {
      node.reads.set(outcome.context, outcome.kind === "ready" ? `${outcome.index}` : "lost");
      cluster.watcher.read?.(node, outcome);
    }
    for (const entry of ready.committed) applyEntry(cluster, node, entry);
    const mustWait = ready.ticket !== undefined || node.saving.length > 0;
    if (!mustWait) {
      cluster.network.push(...ready.messagesAfterSync);
      continue;
    }
    node.saving.push(ready);
    if (!node.holdsSaves) while (node.saving.length > 0) finishSave(cluster, node);
  }
}

/** All masters here are correct, so none says what another has to refuse. */
export function receive(cluster: Cluster, node: Node, message: Message): void {
  if (node.raft === undefined) return;
  try {
    step(node.raft, message);
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== "MESSAGE_INVALID") throw thrown;
    throw new AssertionError(`${node.id} refuses what ${message.from} says: ${thrown.message}`);
  }
  pump(cluster, node);
}

/** The oldest save under way becomes durable. */
export function finishSave(cluster: Cluster, node: Node): void {
  if (node.isDiskFull) {
    crashNode(node, 0);
    cluster.watcher.full?.(node);
    return;
  }
  const ready = node.saving.shift();
  const raft = node.raft;
  if (ready === undefined || raft === undefined) return;
  saveTo(node.durable, ready);
  if (ready.ticket !== undefined) persisted(raft, ready.ticket);
  cluster.watcher.saved?.(node, ready);
  cluster.network.push(...ready.messagesAfterSync);
  if (ready.snapshot === undefined) return;
  restoreState(node, ready.snapshot);
  applied(raft, ready.snapshot.index);
  cluster.watcher.restored?.(node, ready.snapshot);
}

function applyEntry(cluster: Cluster, node: Node, entry: Entry): void {
  assert(entry.index === node.appliedIndex + 1, `${node.id} applies ${entry.index} out of order`);
  node.appliedIndex = entry.index;
  if (entry.kind === "command") node.applied.push(bytesToText(entry.data));
  cluster.watcher.applied?.(node, entry);
  if (node.raft !== undefined) applied(node.raft, entry.index);
}

/** Makes the state machine durable as a snapshot and lets the core forget what it covers. */
export function compactNode(node: Node): Snapshot | undefined {
  const raft = node.raft;
  const term = raft?.log.entries[node.appliedIndex - raft.log.baseIndex - 1]?.term;
  if (raft === undefined || term === undefined) return undefined;
  // The last one first, so that two snapshots differ from their first byte on.
  const bytes = textToBytes(node.applied.toReversed().join(","));
  const snapshot = snapshotAt(raft, { index: node.appliedIndex, term }, bytes);
  if (snapshot === undefined) return undefined;
  if (snapshot.index <= (node.durable.snapshot?.index ?? 0)) return undefined;
  node.durable.snapshot = snapshot;
  node.durable.entries = node.durable.entries.filter((entry) => entry.index > snapshot.index);
  compacted(raft, snapshot);
  return snapshot;
}

export function isCut(cluster: Cluster, message: Message): boolean {
  return cluster.cut.has(`${message.from}>${message.to}`);
}

/** Cuts every pair of nodes that are in different groups. */
export function partition(cluster: Cluster, groups: readonly (readonly string[])[]): void {
  cluster.cut.clear();
  for (const group of groups) {
    for (const other of groups) {
      if (other === group) continue;
      for (const from of group) for (const to of other) cluster.cut.add(`${from}>${to}`);
    }
  }
}
