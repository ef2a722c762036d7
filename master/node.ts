// One master: Raft, scheduler, API and the leader's work in the store, joined to ports.
// Production and simulation run this same file.

import { EngineError, fromErrorRecord, toErrorRecord } from "../proto/errors.ts";
import type { ClusterId, MasterId } from "../proto/ids.ts";
import { raftSaveTicksMax, raftTickMs } from "../proto/limits/raft.ts";
import type { Clock } from "../proto/ports/clock.ts";
import type { Log } from "../proto/ports/log.ts";
import type { RandomStream } from "../proto/ports/random.ts";
import type { RpcBinding, RpcClient } from "../proto/ports/rpc.ts";
import type { ObjectStore } from "../proto/ports/store.ts";
import { bindClients } from "./api/clients.ts";
import { encodeCommand } from "./api/command-codec.ts";
import type { ApiCore } from "./api/core.ts";
import { bindMasters } from "./api/masters.ts";
import { bindWorkers } from "./api/workers.ts";
import { createChanges } from "./changes.ts";
import { isOutputCommitted } from "./commit/commit-output.ts";
import { createIntentRunner } from "./commit/intent-runner.ts";
import { createLoggedTicks } from "./logged-ticks.ts";
import { createMachine, type Machine, type MasterWatch } from "./machine.ts";
import { createMasterAdmin } from "./members/admin.ts";
import { createDirectory } from "./members/directory.ts";
import { followFounders } from "./members/founders.ts";
import { askFounders, isFounding } from "./members/founding.ts";
import {
  followStanding,
  isForeignAnswer,
  isRemoved,
  removedError,
  wasMemberOnce,
} from "./members/removal.ts";
import { createAnswers } from "./peers/answers.ts";
import { bindPeers, type InboxOptions, receiveAnswers } from "./peers/inbox.ts";
import { createOutbox, type OutboxOptions } from "./peers/outbox.ts";
import { defaultRaftConfig, type RaftConfig } from "./raft/config.ts";
import { lastIndexOf, lastMembership } from "./raft/log.ts";
import type { Members } from "./raft/membership.ts";
import { simpleVoters } from "./raft/quorum.ts";
import { createRaft } from "./raft/raft.ts";
import { isDiskStalled, type MembershipStatus, type Raft, type Status } from "./raft/state.ts";
import { createReplica, type Replica } from "./replica.ts";
import type { Command, CommandReply } from "./scheduler/commands.ts";
import { intents } from "./scheduler/intents.ts";
import type { LeaseBug } from "./scheduler/planted-bugs.ts";
import type { ClusterState } from "./scheduler/state.ts";
import { needsTicks } from "./scheduler/ticks.ts";
import type { RaftStorage } from "./storage/raft-storage.ts";

export interface MasterOptions {
  readonly masterId: MasterId;
  readonly clusterId: ClusterId;
  /** The cluster's founders with their addresses; of whoever joins later the log tells. */
  readonly peers: ReadonlyMap<MasterId, string>;
  /** Of the data folder of a master that joins later. */
  readonly key?: string;
  /** Instead of the usual ones: small logs and snapshots show soon what large ones show late. */
  readonly raftConfig?: RaftConfig | undefined;
  readonly snapshotEveryBytes?: number | undefined;
  /** Known mistakes are for tests only. */
  readonly plantedBug?: LeaseBug | undefined;
}

export interface MasterPorts {
  readonly storage: RaftStorage;
  readonly rpc: RpcClient;
  readonly clock: Clock;
  readonly random: RandomStream;
  readonly store: ObjectStore;
  /** Before a first output to a store: rejects with STORE_UNSAFE where two writers could both commit. */
  probeStore(folderUri: string): Promise<void>;
  readonly log: Log;
  sha256Hex(bytes: Uint8Array): string;
  /** Also with MASTER_REMOVED, for a master that is no member any more. */
  onFatal(failure: unknown): void;
  readonly watch?: MasterWatch;
  /** The masters by the newest membership, whenever a new one is committed. */
  onMembers?(members: Members): void;
}

export interface MasterNode {
  readonly bindings: readonly RpcBinding[];
  start(): void;
  stop(): Promise<void>;
}

/** Core and state machine as they are on disk. */
function recover(options: MasterOptions, ports: MasterPorts, machine: Machine): Raft {
  const { recovered } = ports.storage;
  if (recovered.snapshot !== undefined) machine.restore(recovered.snapshot.bytes);
  const founders = [...options.peers].map(([id, address]) => {
    return [id, { address, key: "", replaces: "" }] as const;
  });
  return createRaft({
    id: options.masterId,
    voters: simpleVoters([...options.peers.keys()]),
    members: new Map(founders),
    config: options.raftConfig ?? defaultRaftConfig,
    random: ports.random.child("raft"),
    openSnapshotCheck: machine.openSnapshotCheck,
    ...recovered,
  });
}

function membershipFields({ index, isCommitted, membership }: MembershipStatus) {
  const { voters, votersOutgoing, learners } = membership;
  return {
    ...{ index, isCommitted, voters: voters.join() },
    ...{ votersOutgoing: votersOutgoing.join(), learners: learners.join() },
  };
}

export function createMasterNode(options: MasterOptions, ports: MasterPorts): MasterNode {
  const { masterId, clusterId, key = "" } = options;
  const { clock, log, store } = ports;
  const machine = createMachine(ports.watch, options.plantedBug);
  const changes = createChanges(clock);
  const raft = recover(options, ports, machine);
  let status: Status = { role: "follower", term: raft.term, leader: undefined };
  let stopped = false;
  let hasFailed = false;
  const self = { id: masterId, key };
  const directory = createDirectory(() => lastMembership(raft.log).membership.members);
  const { addresses, addressOf } = directory;
  const onRemoved = (): void => fail(removedError(masterId));
  const standing = followStanding(raft, self, { ...ports, addresses, onRemoved });

  function onRefused(to: MasterId, { code, message }: EngineError): void {
    log.error("this master and another do not agree on what they say to each other", {
      master: masterId,
      to,
      code,
      message,
    });
  }

  const answers = createAnswers(clock);
  const replica = openReplica();
  const founders = followFounders({ raft, replica, self });
  const listener = hearPeers();

  function propose(command: Command): Promise<CommandReply> {
    return replica.propose(encodeCommand(command));
  }

  async function carryOut(command: Command): Promise<void> {
    const reply = await propose(command);
    if (reply.kind === "error") throw fromErrorRecord(reply.error);
  }

  const runner = createIntentRunner({ store, clock, log, propose: carryOut });

  const ticks = createLoggedTicks(clock, {
    ledTerm: () => (leads() ? status.term : undefined),
    isNeeded: () => needsTicks(machine.state),
    log: (term) => propose({ kind: "tick", term }),
  });

  function leads(): boolean {
    return status.role === "leader" && !stopped;
  }

  function onChange(): void {
    changes.notify();
    founders.record();
    if (leads()) runner.run(intents(machine.state));
  }

  function changeMembership(now: MembershipStatus): void {
    directory.note(now.membership.members);
    log.info("raft membership", { master: masterId, ...membershipFields(now) });
    standing.note(now);
    const { members } = now.membership;
    if (now.isCommitted && members !== undefined) ports.onMembers?.(members);
  }

  function fail(failure: unknown): void {
    if (stopped) return;
    hasFailed = true;
    close();
    const error = toErrorRecord(failure).message;
    log.error("this master can promise nothing any more", { master: masterId, error });
    ports.onFatal(failure);
  }

  function changeStatus(next: Status): void {
    const led = status.role === "leader";
    status = next;
    log.info("raft status", { master: masterId, ...next });
    if (led && isDiskStalled(raft)) {
      const stalledMs = raftSaveTicksMax * raftTickMs;
      const what = "gave up leading: its disk completes no write; check the disk";
      log.error(what, { master: masterId, stalledMs });
    }
    if (next.role === "leader" && !led) ticks.start();
    if (next.role !== "leader") ticks.stop();
    // Whoever waits on this master has to look for the new leader.
    onChange();
  }

  function close(): void {
    stopped = true;
    ticks.stop();
    standing.stop();
    replica.stop();
    changes.close();
  }

  function leaderState(): ClusterState {
    // Whoever waits on a master that stops must not go on waiting.
    if (stopped) throw new EngineError("UNAVAILABLE", `${masterId} is stopping`);
    if (!leads()) throw replica.notLeader();
    return machine.state;
  }

  function createCore(): ApiCore {
    return {
      clusterId,
      propose,
      leaderState,
      readState: async () => {
        await replica.readBarrier();
        return machine.state;
      },
      waitForChange: changes.wait,
      outputCommitted: async (folderUri) => {
        await ports.probeStore(folderUri);
        return isOutputCommitted(store, folderUri);
      },
      masters: admin.view,
      clock,
      sha256Hex: ports.sha256Hex,
    };
  }

  function openReplica(): Replica<CommandReply> {
    return createReplica<CommandReply>({
      raft,
      storage: ports.storage,
      outbox: createOutbox(speakToPeers(), ports.rpc),
      ...{ clock, machine, addressOf },
      snapshotEveryBytes: options.snapshotEveryBytes,
      onApplied: onChange,
      onStatus: changeStatus,
      onMembership: changeMembership,
      onFatal: fail,
    });
  }

  function speakToPeers(): OutboxOptions {
    return {
      ...{ clusterId, self: masterId, key, clock, answers, addressOf, onRefused },
      onRemoved: fail,
      receiveAnswers: (from, reply) => receiveAnswers(listener, from, reply),
    };
  }

  function hearPeers(): InboxOptions {
    return {
      ...{ clusterId, self: masterId, key, answers },
      lastIndex: () => (wasMemberOnce(raft, self) ? lastIndexOf(raft.log) : 0),
      hear: directory.hear,
      hearKey: founders.hear,
      isRemoved: (from, message) => isRemoved(raft, from, message),
      isForeign: (from, message) => isForeignAnswer(raft, from, message),
      checkCommand: machine.checkCommand,
      receive: replica.receive,
    };
  }

  async function start(): Promise<void> {
    const founding = { clusterId, self, founders: options.peers, rpc: ports.rpc };
    const refusal = isFounding(raft, founding) ? await askFounders(founding) : undefined;
    if (refusal !== undefined) fail(refusal);
    if (!stopped) replica.start();
  }

  async function stop(): Promise<void> {
    close();
    try {
      await ports.storage.close();
    } catch (failure) {
      // Then this was told already.
      if (!hasFailed) throw failure;
    }
  }

  const admin = createMasterAdmin({ clusterId, raft, replica, rpc: ports.rpc, clock });
  const core = createCore();
  const bindings = [
    ...bindClients(core),
    ...bindWorkers(core),
    ...bindMasters(admin),
    ...bindPeers(listener),
  ];
  return { bindings, start: () => void start(), stop };
}
