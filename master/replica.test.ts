// One Raft core with a log on a disk that counts and fails: what is promised is durable, and what
// cannot be promised ends the process.

import { describe, expect, test } from "vitest";
import { AssertionError, EngineError } from "../proto/errors.ts";
import { asClusterId, asMasterId, type MasterId } from "../proto/ids.ts";
import { raftElectionTicksMax, raftSaveTicksMax, raftTickMs } from "../proto/limits/raft.ts";
import { randomStream } from "../proto/ports/random.ts";
import { type FakeClock, fakeClock } from "../proto/testing/fake-clock.ts";
import { type MemoryDisk, memoryDisk } from "../proto/testing/memory-disk.ts";
import { defaultRaftConfig, type RaftConfig } from "./raft/config.ts";
import { encodeMembership } from "./raft/membership-codec.ts";
import type { Message } from "./raft/messages.ts";
import { simpleVoters } from "./raft/quorum.ts";
import { createRaft } from "./raft/raft.ts";
import type { Status } from "./raft/state.ts";
import { createReplica, type Replica, type StateMachine } from "./replica.ts";
import { openRaftStorage } from "./storage/raft-storage.ts";

const clusterId = asClusterId("test");
const encode = (text: string) => new TextEncoder().encode(text);

/** Remembers every command it was given, with its index; replies with how many came so far. */
function recorder(): StateMachine<number> & { digest(): string } {
  let seen: string[] = [];
  return {
    apply: (index, command) => seen.push(`${index}:${new TextDecoder().decode(command)}`),
    restore: (bytes) => {
      seen = JSON.parse(new TextDecoder().decode(bytes)) as string[];
    },
    snapshot: () => {
      const text = JSON.stringify(seen);
      return [() => encode(text)];
    },
    digest: () => JSON.stringify(seen),
  };
}

interface Node {
  readonly replica: Replica<number>;
  readonly machine: ReturnType<typeof recorder>;
  readonly fatal: unknown[];
  readonly sent: Message[];
  status(): Status | undefined;
  snapshotIndex(): number;
  logBase(): number;
}

interface NodeOptions {
  readonly disk: MemoryDisk;
  readonly clock: FakeClock;
  readonly name?: string;
  readonly names?: readonly string[];
  readonly config?: Partial<RaftConfig>;
  readonly snapshotEveryBytes?: number;
  /** Where messages go; by default nowhere. */
  deliver?(message: Message): void;
}

async function open(options: NodeOptions): Promise<Node> {
  const { disk, clock, name = "a", names = ["a"] } = options;
  const storage = await openRaftStorage(disk, clusterId);
  const machine = recorder();
  const { recovered } = storage;
  if (recovered.snapshot !== undefined) machine.restore(recovered.snapshot.bytes);
  const raft = createRaft({
    id: asMasterId(name),
    voters: simpleVoters(names.map(asMasterId)),
    config: { ...defaultRaftConfig, ...options.config },
    random: randomStream(1).child(name),
    ...recovered,
  });
  const fatal: unknown[] = [];
  const sent: Message[] = [];
  let status: Status | undefined;
  let isClosed = false;
  const replica = createReplica<number>({
    raft,
    storage,
    clock,
    machine,
    outbox: {
      send: (messages) => {
        if (isClosed) return;
        sent.push(...messages);
        for (const message of messages) options.deliver?.(message);
      },
      close: () => {
        isClosed = true;
      },
    },
    ...(options.snapshotEveryBytes === undefined
      ? {}
      : { snapshotEveryBytes: options.snapshotEveryBytes }),
    addressOf: (id) => `${id}:1`,
    onApplied: () => {},
    onStatus: (next) => {
      status = next;
    },
    onFatal: (failure) => fatal.push(failure),
  });
  replica.start();
  await clock.advanceAsync(0);
  return {
    replica,
    machine,
    fatal,
    sent,
    status: () => status,
    snapshotIndex: () => raft.log.snapshot?.index ?? 0,
    logBase: () => raft.log.baseIndex,
  };
}

describe("a single master", () => {
  test("proposals of one turn share one sync, and are acknowledged after it", async () => {
    const disk = memoryDisk();
    const clock = fakeClock();
    const { replica, machine } = await open({ disk, clock });
    const before = disk.syncCount();
    let syncsAtFirstReply = -1;
    const proposals = Array.from({ length: 100 }, (_, i) => replica.propose(encode(`c${i}`)));
    proposals[0]!.then(() => {
      syncsAtFirstReply = disk.syncCount();
    });
    expect(await Promise.all(proposals)).toEqual(proposals.map((_, i) => i + 1));
    expect(disk.syncCount() - before).toBe(1);
    expect(syncsAtFirstReply - before).toBe(1);
    expect(JSON.parse(machine.digest())).toHaveLength(100);
    replica.stop();
  });

  test.each(["append", "sync"] as const)(
    "a failed %s ends it once, and acknowledges nothing",
    async (kind) => {
      const disk = memoryDisk();
      const clock = fakeClock();
      const { replica, machine, fatal } = await open({ disk, clock });
      await replica.propose(encode("kept"));
      const failure = new EngineError("DISK_FAILED", "the disk is gone");
      disk.fault = (operation) => (operation.kind === kind ? { error: failure } : undefined);
      const lost = Array.from({ length: 5 }, () => replica.propose(encode("lost")));
      const read = replica.readBarrier();
      await clock.advanceAsync(raftTickMs);
      const later = [replica.propose(encode("later")), replica.readBarrier()];
      const outcomes = await Promise.allSettled([...lost, ...later]);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(7).fill("rejected"));
      // What it read was committed before the disk failed.
      await Promise.allSettled([read]);
      await clock.advanceAsync(10_000);
      expect(fatal).toEqual([failure]);
      expect(JSON.parse(machine.digest())).toHaveLength(1);
      expect(clock.pending()).toBe(0);
    },
  );

  test("a failed snapshot ends it as well", async () => {
    const disk = memoryDisk();
    const clock = fakeClock();
    const { replica, fatal } = await open({ disk, clock, snapshotEveryBytes: 100 });
    const failure = new EngineError("DISK_FULL", "no space");
    disk.fault = ({ kind }) => (kind === "write" ? { error: failure } : undefined);
    await replica.propose(new Uint8Array(200));
    await clock.advanceAsync(0);
    expect(fatal).toEqual([failure]);
    await expect(replica.propose(encode("x"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("a state machine that cannot apply ends it", async () => {
    const clock = fakeClock();
    const node = await open({ disk: memoryDisk(), clock });
    const broken = new AssertionError("broken");
    node.machine.apply = () => {
      throw broken;
    };
    const proposal = node.replica.propose(encode("x"));
    await expect(proposal).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(node.fatal).toEqual([broken]);
  });

  test("after a loss of power and a restart the state is the one that was acknowledged", async () => {
    let disk = memoryDisk();
    const clock = fakeClock();
    let acknowledged = 0;
    for (let life = 0; life < 5; life++) {
      const { replica, machine } = await open({ disk, clock, snapshotEveryBytes: 300 });
      await replica.readBarrier();
      const seen = JSON.parse(machine.digest()) as string[];
      expect(seen.length).toBeGreaterThanOrEqual(acknowledged);
      for (let i = 0; i < 20; i++)
        acknowledged = await replica.propose(encode(`life ${life} ${i}`));
      const digest = machine.digest();
      replica.propose(encode("in flight")).catch(() => undefined);
      disk = disk.crash();
      replica.stop();
      const again = await open({ disk, clock });
      await again.replica.readBarrier();
      expect(again.machine.digest()).toBe(digest);
      again.replica.stop();
      disk = disk.crash();
    }
    expect(acknowledged).toBe(100);
  });

  test("a snapshot is taken when the log has grown, and the log is cut", async () => {
    const disk = memoryDisk();
    const clock = fakeClock();
    const config = { entriesKeptAfterSnapshot: 2 };
    const node = await open({ disk, clock, config, snapshotEveryBytes: 1000 });
    for (let i = 0; i < 9; i++) await node.replica.propose(new Uint8Array(100));
    await clock.advanceAsync(0);
    expect(node.snapshotIndex()).toBe(0);
    for (let i = 0; i < 4; i++) await node.replica.propose(new Uint8Array(100));
    await clock.advanceAsync(0);
    expect(node.snapshotIndex()).toBeGreaterThan(9);
    expect(node.logBase()).toBe(node.snapshotIndex() - 2);
    node.replica.stop();
  });

  test("stopped, it refuses everything at once and leaves no timer", async () => {
    const disk = memoryDisk();
    const clock = fakeClock();
    const { replica, fatal } = await open({ disk, clock });
    const caught = Promise.allSettled([replica.propose(encode("x")), replica.readBarrier()]);
    replica.stop();
    replica.stop();
    for (const outcome of await caught) expect(outcome).toMatchObject({ status: "rejected" });
    await expect(replica.propose(encode("x"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(replica.readBarrier()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await clock.advanceAsync(1000);
    expect(clock.pending()).toBe(0);
    expect(fatal).toEqual([]);
  });

  test("a command too large is its caller's mistake and ends nothing", async () => {
    const clock = fakeClock();
    const config = { entryBytesMax: 10 };
    const { replica, fatal } = await open({ disk: memoryDisk(), clock, config });
    const large = replica.propose(new Uint8Array(11));
    await expect(large).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
    expect(await replica.propose(new Uint8Array(10))).toBe(1);
    expect(fatal).toEqual([]);
    replica.stop();
  });

  test("a vote and an acknowledgement leave only once they are durable", async () => {
    const clock = fakeClock();
    const disk = memoryDisk();
    const held: (() => void)[] = [];
    let isSlow = false;
    const slow: MemoryDisk = {
      ...disk,
      openAppend: async (path) => {
        const file = await disk.openAppend(path);
        const wait = () => new Promise<void>((resolve) => held.push(resolve));
        return { ...file, sync: async () => (isSlow ? wait().then(file.sync) : file.sync()) };
      },
    };
    const node = await open({ disk: slow, clock, names: ["a", "b", "c"] });
    isSlow = true;
    const head = { from: asMasterId("b"), to: asMasterId("a"), term: 1 } as const;
    const vote = { kind: "vote", lastIndex: 0, lastTerm: 0, force: false } as const;
    node.replica.receive({ ...head, ...vote });
    await clock.advanceAsync(0);
    expect(node.sent).toEqual([]);
    const entries = [{ index: 1, term: 1, kind: "noop", data: new Uint8Array(0) }] as const;
    const append = { kind: "append", prevIndex: 0, prevTerm: 0, commit: 0, entries } as const;
    node.replica.receive({ ...head, ...append });
    await clock.advanceAsync(0);
    expect(node.sent).toEqual([]);
    // The vote was one sync, and what came meanwhile is the next.
    for (const kind of ["voteReply", "appendReply"]) {
      expect(held).toHaveLength(1);
      held.pop()?.();
      await clock.advanceAsync(0);
      expect(node.sent.at(-1)).toMatchObject({ kind, to: "b" });
    }
    expect(node.sent).toHaveLength(2);
    node.replica.stop();
  });

  test("a peer that contradicts what is committed ends it", async () => {
    const clock = fakeClock();
    const node = await open({ disk: memoryDisk(), clock, names: ["a", "b", "c"] });
    const head = { from: asMasterId("b"), to: asMasterId("a"), term: 1 } as const;
    const entry = { index: 1, term: 1, kind: "noop", data: new Uint8Array(0) } as const;
    const append = { ...head, kind: "append", prevIndex: 0, prevTerm: 0, commit: 1 } as const;
    node.replica.receive({ ...append, entries: [entry] });
    await clock.advanceAsync(0);
    const nonsense = { index: 2, term: 1, kind: "config", data: encode("x") } as const;
    const unclear = { ...append, prevIndex: 1, prevTerm: 1, entries: [nonsense] };
    expect(() => node.replica.receive(unclear)).toThrow(EngineError);
    expect(node.fatal).toEqual([]);
    const leading = { ...head, to: asMasterId("b") };
    expect(() => node.replica.receive({ ...append, ...leading, entries: [] })).toThrow();
    expect(node.fatal).toHaveLength(1);
  });

  test("a joiner takes no snapshot before it knows who the masters are", async () => {
    const clock = fakeClock();
    const node = await open({
      disk: memoryDisk(),
      clock,
      name: "d",
      names: [],
      snapshotEveryBytes: 100,
    });
    const head = { from: asMasterId("a"), to: asMasterId("d"), term: 1, kind: "append" } as const;
    const commands = Array.from({ length: 4 }, (_, at) => {
      return { index: at + 1, term: 1, kind: "command", data: new Uint8Array(100) } as const;
    });
    node.replica.receive({ ...head, prevIndex: 0, prevTerm: 0, entries: commands, commit: 4 });
    await clock.advanceAsync(0);
    // The founders stand in no entry: up to here nobody may be said to be a master.
    expect(node.snapshotIndex()).toBe(0);
    const voters = ["a", "b", "c"].map(asMasterId);
    const membership = { voters, votersOutgoing: [], learners: [asMasterId("d")] };
    const addition = {
      index: 5,
      term: 1,
      kind: "config",
      data: encodeMembership(membership),
    } as const;
    node.replica.receive({ ...head, prevIndex: 4, prevTerm: 1, entries: [addition], commit: 5 });
    await clock.advanceAsync(0);
    expect(node.snapshotIndex()).toBe(5);
    node.replica.stop();
  });
});

/** Three replicas whose messages take a millisecond, unless a cut swallows them. */
async function openThree(config: Partial<RaftConfig> = {}, snapshotEveryBytes?: number) {
  const clock = fakeClock();
  const names = ["a", "b", "c"];
  const disks = new Map(names.map((name) => [name, memoryDisk()]));
  const nodes = new Map<string, Node>();
  const away = new Set<string>();
  async function start(name: string): Promise<void> {
    const deliver = (message: Message): void => {
      if (away.has(message.from) || away.has(message.to)) return;
      clock.after(1, () => {
        if (!away.has(message.to)) nodes.get(message.to)?.replica.receive(message);
      });
    };
    const disk = disks.get(name)!;
    const rest = snapshotEveryBytes === undefined ? {} : { snapshotEveryBytes };
    nodes.set(name, await open({ disk, clock, name, names, config, deliver, ...rest }));
  }
  for (const name of names) await start(name);
  const leader = (): Node => {
    const found = [...nodes].filter(
      ([name, node]) => !away.has(name) && node.status()?.role === "leader",
    );
    expect(found).toHaveLength(1);
    return found[0]![1];
  };
  const nameOf = (node: Node) => [...nodes].find(([, other]) => other === node)![0];
  const stop = () => {
    for (const node of nodes.values()) node.replica.stop();
  };
  return { clock, nodes, away, disks, start, leader, nameOf, stop };
}

async function settled<Value>(clock: FakeClock, promise: Promise<Value>): Promise<Value> {
  let isOver = false;
  const end = () => {
    isOver = true;
  };
  promise.then(end, end);
  for (let turn = 0; turn < 1000 && !isOver; turn++) await clock.advanceAsync(5);
  return promise;
}

describe("three masters", () => {
  test("a leader cut off with proposals in flight rejects them, and their repetition counts once", async () => {
    const { clock, away, leader, nameOf, nodes, stop } = await openThree();
    await clock.advanceAsync(3000);
    const old = leader();
    await settled(clock, old.replica.propose(encode("before")));
    // The followers have the next entry, and the leader never hears so.
    const inFlight = [old.replica.propose(encode("in flight 1"))];
    await clock.advanceAsync(1);
    away.add(nameOf(old));
    inFlight.push(old.replica.propose(encode("in flight 2")));
    const reads = [old.replica.readBarrier()];
    const outcomes = Promise.allSettled([...inFlight, ...reads]);
    await clock.advanceAsync(5000);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "NOT_LEADER" } });
    }
    const next = leader();
    await settled(clock, next.replica.propose(encode("again")));
    away.clear();
    await clock.advanceAsync(3000);
    const digests = new Set([...nodes.values()].map((node) => node.machine.digest()));
    expect(digests.size).toBe(1);
    const seen = JSON.parse(next.machine.digest()) as string[];
    expect(seen.map((line) => line.split(":")[1])).toEqual(["before", "in flight 1", "again"]);
    for (const node of nodes.values()) expect(node.fatal).toEqual([]);
    stop();
  });

  test("a leader whose disk hangs hands over within a bound, and follows when it is back", async () => {
    const { clock, leader, nameOf, nodes, disks, stop } = await openThree();
    await clock.advanceAsync(3000);
    const old = leader();
    await settled(clock, old.replica.propose(encode("before")));
    const release = disks.get(nameOf(old))!.hang();
    const lost = old.replica.propose(encode("during"));
    const outcome = expect(lost).rejects.toMatchObject({ code: "NOT_LEADER" });
    await clock.advanceAsync(raftSaveTicksMax * raftTickMs);
    expect(old.status()?.role).toBe("follower");
    await outcome;
    await clock.advanceAsync(raftElectionTicksMax * raftTickMs * 2);
    const next = leader();
    expect(next).not.toBe(old);
    await settled(clock, next.replica.propose(encode("after")));
    // It does not campaign, however long this takes.
    const term = next.status()?.term;
    await clock.advanceAsync(60_000);
    expect(next.status()).toMatchObject({ role: "leader", term });
    release();
    await clock.advanceAsync(1000);
    expect(old.machine.digest()).toBe(next.machine.digest());
    const seen = JSON.parse(old.machine.digest()) as string[];
    expect(seen.map((line) => line.split(":")[1])).toEqual(["before", "during", "after"]);
    for (const node of nodes.values()) expect(node.fatal).toEqual([]);
    stop();
  });

  test("a follower names the leader", async () => {
    const { clock, leader, nameOf, nodes, stop } = await openThree();
    await clock.advanceAsync(3000);
    const name = nameOf(leader());
    const follower = [...nodes.values()].find((node) => node.status()?.role === "follower")!;
    for (const refused of [follower.replica.propose(encode("x")), follower.replica.readBarrier()]) {
      await expect(refused).rejects.toMatchObject({
        code: "NOT_LEADER",
        details: { leader: `${name}:1` },
      });
    }
    stop();
  });

  test("a follower that fell behind what the log still has is caught up by a snapshot", async () => {
    const config = { entriesKeptAfterSnapshot: 1 };
    const { clock, away, leader, nodes, disks, start, stop } = await openThree(config, 500);
    await clock.advanceAsync(3000);
    const behind = [...nodes].find(([, node]) => node.status()?.role === "follower")![0];
    away.add(behind);
    for (let i = 0; i < 30; i++)
      await settled(clock, leader().replica.propose(new Uint8Array(100)));
    expect(leader().logBase()).toBeGreaterThan(5);
    away.delete(behind);
    await clock.advanceAsync(5000);
    const caught = nodes.get(behind)!;
    expect(caught.machine.digest()).toBe(leader().machine.digest());
    expect(caught.snapshotIndex()).toBeGreaterThan(5);
    // What it was given is durable there: it comes back with the same state.
    caught.replica.stop();
    disks.set(behind, disks.get(behind)!.crash());
    await start(behind);
    await settled(clock, leader().replica.propose(encode("after")));
    await clock.advanceAsync(1000);
    expect(nodes.get(behind)!.machine.digest()).toBe(leader().machine.digest());
    stop();
  });

  test("whoever is cut off, whenever: what was acknowledged is in every state, in one order", async () => {
    for (let seed = 0; seed < 10; seed++) {
      const random = randomStream(seed);
      const { clock, away, nodes, stop } = await openThree({}, 400);
      const acknowledged: string[] = [];
      const names = [...nodes.keys()] as MasterId[];
      for (let step = 0; step < 60; step++) {
        if (random.below(8) === 0) {
          away.clear();
          if (random.below(2) === 0) away.add(names[random.below(3)]!);
        }
        const target = nodes.get(names[random.below(3)]!)!;
        const text = `${seed}-${step}`;
        target.replica.propose(encode(text)).then(
          () => acknowledged.push(text),
          (thrown: unknown) => expect(thrown).toBeInstanceOf(EngineError),
        );
        await clock.advanceAsync(random.below(300));
      }
      away.clear();
      await clock.advanceAsync(5000);
      const digests = new Set([...nodes.values()].map((node) => node.machine.digest()));
      expect(digests.size).toBe(1);
      const seen = (JSON.parse([...digests][0]!) as string[]).map((line) => line.split(":")[1]);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen).toEqual(expect.arrayContaining(acknowledged));
      expect(acknowledged.length).toBeGreaterThan(3);
      for (const node of nodes.values()) expect(node.fatal).toEqual([]);
      stop();
    }
  });
});
