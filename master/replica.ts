// Drives one Raft core: saves before it promises, sends, applies, and answers who proposed.

import { assert, EngineError } from "../proto/errors.ts";
import type { MasterId } from "../proto/ids.ts";
import {
  raftProposalsWaitingMax,
  raftSnapshotEveryBytes,
  raftTickMs,
} from "../proto/limits/raft.ts";
import type { Clock, Timer } from "../proto/ports/clock.ts";
import { createMembershipRequests } from "./membership-requests.ts";
import type { Outbox } from "./peers/outbox.ts";
import { type Entry, noBytes, type Snapshot } from "./raft/entry.ts";
import type { Membership, MembershipChange } from "./raft/membership.ts";
import type { Message } from "./raft/messages.ts";
import { allVoters } from "./raft/quorum.ts";
import { campaign, propose, readIndex, step, tick } from "./raft/raft.ts";
import { applied, compacted, persisted, type Ready, snapshotAt, takeReady } from "./raft/ready.ts";
import { currentVoters, type MembershipStatus, type Raft, type Status } from "./raft/state.ts";
import { joinPieces, type SnapshotPiece } from "./snapshot-pieces.ts";
import type { RaftStorage } from "./storage/raft-storage.ts";

/** The replicated state machine, as the replica sees it. */
export interface StateMachine<Reply> {
  apply(index: number, command: Uint8Array): Reply;
  restore(snapshot: Uint8Array): void;
  /** The state of this moment, in pieces that are made one by one while commands are applied. */
  snapshot(): readonly SnapshotPiece[];
}

export interface ReplicaPorts<Reply> {
  readonly raft: Raft;
  readonly storage: RaftStorage;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly machine: StateMachine<Reply>;
  /** Bytes of log after which a snapshot is taken; tests shrink it. */
  readonly snapshotEveryBytes?: number | undefined;
  /** Address of a master, for redirects. */
  addressOf(id: MasterId): string | undefined;
  /** After one or more entries were applied. */
  onApplied(): void;
  onStatus(status: Status): void;
  /** The membership in effect changed, or became committed. */
  onMembership?(membership: MembershipStatus): void;
  /**
   * A failed save or a broken invariant: nothing may be promised any more, the process has to end.
   * Called at most once; the replica has stopped by then.
   */
  onFatal(failure: unknown): void;
}

export interface Replica<Reply> {
  start(): void;
  stop(): void;
  /** Resolves with the state machine's reply once applied. Rejects with NOT_LEADER or UNAVAILABLE. */
  propose(command: Uint8Array): Promise<Reply>;
  /** Resolves when the applied state is at least as new as the moment of the call. */
  readBarrier(): Promise<void>;
  receive(message: Message): void;
  /** Resolves with the membership once the change is committed and over. */
  changeMembership(change: MembershipChange): Promise<Membership>;
  /** Resolves when `to` leads. */
  transferLeadership(to: MasterId): Promise<void>;
  /** The refusal that names the leader, where one is known. */
  notLeader(): EngineError;
}

interface PendingProposal<Reply> {
  readonly term: number;
  resolve(reply: Reply): void;
  reject(failure: EngineError): void;
}

interface PendingRead {
  /** Known once a quorum has confirmed the leader. */
  index: number | undefined;
  resolve(): void;
  reject(failure: EngineError): void;
}

export function createReplica<Reply>(ports: ReplicaPorts<Reply>): Replica<Reply> {
  const { raft, storage, outbox, clock, machine } = ports;
  const snapshotEveryBytes = ports.snapshotEveryBytes ?? raftSnapshotEveryBytes;
  const proposals = new Map<number, PendingProposal<Reply>>();
  const reads = new Map<number, PendingRead>();
  let nextContext = 1;
  let saves: Promise<void> = Promise.resolve();
  let pumpAsked = false;
  let stopped = false;
  let timer: Timer | undefined;
  let appliedTo = { index: raft.log.appliedIndex, term: 0 };
  let snapshotRunning = false;

  function notLeader(leader: MasterId | undefined): EngineError {
    const address = leader === undefined ? undefined : ports.addressOf(leader);
    const known =
      address === undefined ? "no leader is known yet" : `${leader} leads at ${address}`;
    const details = address === undefined ? {} : { leader: address };
    return new EngineError("NOT_LEADER", `${raft.id} does not lead: ${known}`, details);
  }

  function overloaded(): EngineError {
    return new EngineError("UNAVAILABLE", `${raft.id} has too much under way; try again`);
  }

  function stopping(): EngineError {
    return new EngineError("UNAVAILABLE", `${raft.id} is stopping`);
  }

  /** Everything that came in during this turn of the loop is saved with one sync. */
  function pump(): void {
    if (pumpAsked || stopped) return;
    pumpAsked = true;
    Promise.resolve().then(() => {
      pumpAsked = false;
      try {
        for (
          let ready = takeReady(raft);
          ready !== undefined && !stopped;
          ready = takeReady(raft)
        ) {
          handle(ready);
        }
      } catch (failure) {
        fatal(failure);
      }
    });
  }

  function fatal(failure: unknown): void {
    if (stopped) return;
    stop();
    ports.onFatal(failure);
  }

  /** What a caller or a peer did wrong is theirs to hear; a broken invariant ends this process. */
  function inCore<Value>(run: () => Value): Value {
    try {
      return run();
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) fatal(thrown);
      throw thrown;
    }
  }

  const membership = createMembershipRequests({ raft, inCore, pump, notLeader });

  function handle(ready: Ready): void {
    outbox.send(ready.messagesBeforeSync);
    save(ready);
    if (ready.snapshot !== undefined) restore(ready.snapshot);
    if (ready.committed.length > 0) apply(ready.committed);
    for (const read of ready.reads)
      settleRead(read.context, read.kind === "ready" ? read.index : -1);
    releaseReads();
    membership.note(ready);
    if (ready.membership !== undefined) ports.onMembership?.(ready.membership);
    if (ready.status !== undefined) changeStatus(ready.status);
  }

  function save(ready: Ready): void {
    const { ticket, messagesAfterSync } = ready;
    if (ticket === undefined && messagesAfterSync.length === 0) return;
    // The storage orders its saves and lets those that wait share one sync.
    const saved =
      ticket === undefined
        ? undefined
        : storage.save({
            ...(ready.hardState === undefined ? {} : { hardState: ready.hardState }),
            ...(ready.snapshot === undefined ? {} : { snapshot: ready.snapshot }),
            entries: ready.entries,
          });
    // Both at once, so that a save which fails before its turn finds somebody listening.
    saves = Promise.all([saves, saved])
      .then(() => {
        if (stopped) return;
        outbox.send(messagesAfterSync);
        if (ticket !== undefined) persisted(raft, ticket);
        pump();
      })
      .catch(fatal);
  }

  function restore(snapshot: Snapshot): void {
    machine.restore(snapshot.bytes);
    appliedTo = { index: snapshot.index, term: snapshot.term };
    applied(raft, snapshot.index);
    ports.onApplied();
  }

  function apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index > appliedTo.index, `entry ${entry.index} comes after ${appliedTo.index}`);
      appliedTo = { index: entry.index, term: entry.term };
      const reply =
        entry.kind === "command" ? { of: machine.apply(entry.index, entry.data) } : undefined;
      // Only now: if that fails, whoever waits is told as everything stops.
      const pending = proposals.get(entry.index);
      if (pending === undefined) continue;
      proposals.delete(entry.index);
      if (reply !== undefined && pending.term === entry.term) pending.resolve(reply.of);
      else pending.reject(notLeader(raft.leader));
    }
    applied(raft, appliedTo.index);
    maybeSnapshot();
    ports.onApplied();
  }

  function maybeSnapshot(): void {
    if (snapshotRunning || storage.logBytes() < snapshotEveryBytes) return;
    const head = snapshotAt(raft, appliedTo, noBytes);
    if (head === undefined) return;
    snapshotRunning = true;
    takeSnapshot(head).catch(fatal);
  }

  async function takeSnapshot(head: Snapshot): Promise<void> {
    const bytes = await joinPieces(machine.snapshot(), clock);
    if (stopped) return;
    const snapshot = { ...head, bytes };
    await storage.saveSnapshot(snapshot);
    snapshotRunning = false;
    if (!stopped) compacted(raft, snapshot);
  }

  function settleRead(context: number, index: number): void {
    const read = reads.get(context);
    if (read === undefined) return;
    if (index >= 0) {
      read.index = index;
      return;
    }
    reads.delete(context);
    read.reject(notLeader(raft.leader));
  }

  function releaseReads(): void {
    for (const [context, read] of reads) {
      if (read.index === undefined || read.index > appliedTo.index) continue;
      reads.delete(context);
      read.resolve();
    }
  }

  function changeStatus(status: Status): void {
    for (const [index, pending] of proposals) {
      if (status.role === "leader" && pending.term === status.term) continue;
      // It may still commit under the next leader: every request can be sent again.
      proposals.delete(index);
      pending.reject(notLeader(status.leader));
    }
    ports.onStatus(status);
  }

  function onTick(): void {
    if (stopped) return;
    try {
      tick(raft);
    } catch (failure) {
      fatal(failure);
      return;
    }
    membership.noteTick();
    timer = clock.after(raftTickMs, onTick);
    pump();
  }

  function stop(): void {
    stopped = true;
    timer?.cancel();
    outbox.close();
    for (const pending of proposals.values()) pending.reject(stopping());
    for (const read of reads.values()) read.reject(stopping());
    membership.close(stopping());
    proposals.clear();
    reads.clear();
  }

  function start(): void {
    // A single master has nobody to wait for.
    if (allVoters(currentVoters(raft)).length === 1) campaign(raft);
    onTick();
  }

  function proposeCommand(command: Uint8Array): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (stopped) return reject(stopping());
      if (proposals.size >= raftProposalsWaitingMax) return reject(overloaded());
      const result = inCore(() => propose(raft, command));
      if (result.kind === "notLeader") return reject(notLeader(result.leader));
      if (result.kind === "overloaded") return reject(overloaded());
      proposals.set(result.index, { term: result.term, resolve, reject });
      pump();
    });
  }

  function readBarrier(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (stopped) return reject(stopping());
      // The core counts those that wait for a quorum; here are also those that wait to be applied.
      if (reads.size >= raft.config.readsWaitingMax) return reject(overloaded());
      const context = nextContext++;
      const result = inCore(() => readIndex(raft, context));
      if (result.kind === "notLeader") return reject(notLeader(result.leader));
      if (result.kind === "overloaded") return reject(overloaded());
      reads.set(context, { index: undefined, resolve, reject });
      pump();
    });
  }

  function receive(message: Message): void {
    if (stopped) return;
    try {
      inCore(() => step(raft, message));
    } finally {
      pump();
    }
  }

  return {
    start,
    stop,
    propose: proposeCommand,
    changeMembership: membership.change,
    transferLeadership: membership.transfer,
    readBarrier,
    receive,
    notLeader: () => notLeader(raft.leader),
  };
}
