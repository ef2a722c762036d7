// Masters on virtual wires, disks and time: added, replaced, removed, and what must be refused.

import { expect, test } from "vitest";
import { mastersRefreshMs, raftElectionTicksMax, raftTickMs } from "../../proto/limits/raft.ts";
import { bind } from "../../proto/ports/rpc.ts";
import { masterApi, peerApi } from "../../proto/wire/methods.ts";
import { createWorld, names, threeMasters } from "./testing/masters.ts";

test("a cluster grows from one to three, and the old ones can go", async () => {
  const world = createWorld(["a"]);
  await world.start("a", { founders: ["a"] });
  await world.put();
  for (const name of ["b", "c"]) {
    await world.start(name, { key: `key-${name}` });
    await world.add(name);
  }
  const view = await world.list();
  expect(view.masters.map(({ role }) => role).sort()).toEqual(["leader", "voter", "voter"]);
  expect(view.masters.every(({ isHeard }) => isHeard)).toBe(true);
  await world.settle(mastersRefreshMs);
  await world.put();
  await world.remove("a");
  await world.settle(3000);
  expect(names(await world.list())).toEqual(["b", "c"]);
  expect(world.ends.get("a")).toMatchObject({ code: "MASTER_REMOVED" });
});

test("all three are replaced one by one, the leader by a transfer; a client follows", async () => {
  const world = await threeMasters();
  for (const [old, name] of [
    ["a", "d"],
    ["b", "e"],
    ["c", "f"],
  ] as const) {
    await world.start(name, { key: `key-${name}` });
    await world.add(name, old);
    await world.settle(3000);
    expect(world.ends.get(old)).toMatchObject({ code: "MASTER_REMOVED" });
    await world.stop(old);
    // Somebody else leads for sure.
    await world.transfer(name);
    expect((await world.list()).leader).toBe(name);
  }
  expect(names(await world.list())).toEqual(["d", "e", "f"]);
  // What it was told of at first is gone: it goes on by what the leaders told.
  await world.stop("f");
  await world.put();
  expect(world.leader.leader()).toMatch(/^[de]:1$/);
});

test("who does not answer is not handed the lead, and others go on meanwhile", async () => {
  const world = await threeMasters();
  await world.transfer("a");
  await world.stop("c");
  await world.settle(raftElectionTicksMax * raftTickMs);
  const refused = expect(world.transfer("c")).rejects.toMatchObject({
    code: "TRANSFER_FAILED",
    message: expect.stringContaining("c does not answer a"),
  });
  await world.put();
  await refused;
  expect((await world.list()).leader).toBe("a");
});

test("members that joined find each other again from their disks alone", async () => {
  const world = await threeMasters();
  await world.start("d", { key: "key-d" });
  await world.add("d", "a");
  await world.settle(3000);
  for (const name of ["a", "b", "c", "d"]) await world.stop(name);
  await world.start("d", { key: "key-d" });
  for (const name of ["b", "c"]) await world.start(name, { founders: ["a", "b", "c"] });
  expect(names(await world.list())).toEqual(["b", "c", "d"]);
});

test("what one leader began, the next one finishes", async () => {
  const world = await threeMasters();
  await world.start("d", { key: "key-d" });
  const { leader } = await world.list();
  const replaces = leader === "a" ? "b" : "a";
  await world.during(world.leader.call(masterApi.add, { masterId: "d", address: "d:1", replaces }));
  await world.stop(leader);
  await world.settle(10_000);
  expect(names(await world.list())).not.toContain(replaces);
  const added = (await world.list()).masters.find(({ masterId }) => masterId === "d");
  expect(added?.role).toMatch(/^(voter|leader)$/);
});

test("what is not committed is not said to be done: asked again, it is still open, then lost", async () => {
  const world = await threeMasters();
  await world.start("d", { key: "key-d" });
  const { leader } = await world.list();
  const others = ["a", "b", "c"].filter((name) => name !== leader);
  for (const name of others) await world.stop(name);
  const rpc = world.rpc.client({ role: "node" });
  const addition = { masterId: "d", address: "d:1", replaces: others[0]! };
  const ask = () => rpc.call(`${leader}:1`, masterApi.add, addition, { timeoutMs: 20_000 });
  const removal = { masterId: others[0]!, force: true };
  const calls: Promise<unknown>[] = [ask()];
  // By now it stands in the leader's log, and nowhere else.
  await world.settle(100);
  calls.push(ask(), rpc.call(`${leader}:1`, masterApi.remove, removal, { timeoutMs: 20_000 }));
  const answers = await world.during(Promise.allSettled(calls));
  for (const answer of answers) {
    expect(answer).toMatchObject({ status: "rejected", reason: { retriable: true } });
  }
  await world.stop(leader);
  for (const name of others) await world.start(name, { founders: ["a", "b", "c"] });
  expect(names(await world.list())).toEqual(["a", "b", "c"]);
  await world.start(leader, { founders: ["a", "b", "c"] });
  await world.add("d", others[0]);
  expect(names(await world.list())).toEqual([leader, others[1]!, "d"].sort());
});

test("a repeated request changes nothing, and another one for the same master is refused", async () => {
  const world = await threeMasters();
  await world.start("d", { key: "key-d" });
  await world.add("d", "a");
  await world.add("d", "a");
  expect(names(await world.list())).toEqual(["b", "c", "d"]);
  await world.remove("a");
  await expect(world.add("d", "b")).rejects.toMatchObject({ code: "USAGE" });
  await expect(world.add("d", "", "e:1")).rejects.toMatchObject({ code: "USAGE" });
  await expect(world.add("e", "zz")).rejects.toMatchObject({ code: "USAGE" });
  await expect(world.add("e", "", "d:1")).rejects.toMatchObject({ code: "USAGE" });
  await expect(world.transfer("a")).rejects.toMatchObject({ code: "USAGE" });
});

test("wrong addresses: nobody, another master, another cluster, used data; none is let in", async () => {
  const world = await threeMasters();
  await expect(world.add("d")).rejects.toMatchObject({
    code: "MASTER_MISMATCH",
    message: expect.stringContaining("no master answers at d:1"),
  });
  await world.start("e", { key: "key-e" });
  await expect(world.add("d", "", "e:1")).rejects.toMatchObject({
    code: "MASTER_MISMATCH",
    message: expect.stringContaining("master e answers at e:1, not d"),
  });
  await world.start("x", { cluster: "two", key: "key-x" });
  await expect(world.add("x")).rejects.toMatchObject({
    code: "MASTER_MISMATCH",
    message: expect.stringContaining("cluster two answers"),
  });
  // A founder that lost its place cannot come back with what it has.
  await world.remove("c");
  await world.stop("c");
  await world.settle(3000);
  await world.start("c", { founders: ["a", "b", "c"] });
  await expect(world.add("c")).rejects.toMatchObject({
    code: "MASTER_MISMATCH",
    message: expect.stringContaining("empty its data folder"),
  });
  expect(names(await world.list())).toEqual(["a", "b"]);
});

test("one that never catches up is never promoted, and its addition can be undone", async () => {
  const world = await threeMasters();
  // It says who it is, and then takes nothing in.
  const answer = { clusterId: "one", masterId: "d", key: "key-d", lastIndex: 0 };
  const mute = world.rpc.serve("d:1", [bind(peerApi.identify, ["node"], async () => answer)]);
  const addition = { masterId: "d", address: "d:1", replaces: "a" };
  await world.during(world.leader.call(masterApi.add, addition));
  await world.settle(20_000);
  const learner = (await world.list()).masters.find(({ masterId }) => masterId === "d");
  expect(learner).toMatchObject({ role: "learner", matchIndex: 0, isHeard: false, replaces: "a" });
  await world.remove("d");
  expect(names(await world.list())).toEqual(["a", "b", "c"]);
  await world.put();
  await mute.close();
});

test("removals that would leave too few are refused unless forced; the last one stays", async () => {
  const world = await threeMasters();
  const dead = (await world.list()).masters.find(({ role }) => role === "voter")!.masterId;
  await world.stop(dead);
  await world.settle(2000);
  const living = (await world.list()).masters.find(
    ({ role, masterId }) => role === "voter" && masterId !== dead,
  )!.masterId;
  await expect(world.remove(living)).rejects.toMatchObject({ code: "QUORUM_AT_RISK" });
  await world.remove(dead);
  await world.remove(living, true);
  const [last] = names(await world.list());
  await expect(world.remove(last!, true)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("only voter"),
  });
  await world.put();
});

test("a master that was away when it was removed hears of it from the leader", async () => {
  const world = await threeMasters();
  const away = (await world.list()).masters.find(({ role }) => role === "voter")!.masterId;
  await world.stop(away);
  await world.settle(2000);
  await world.remove(away);
  await world.start(away, { founders: ["a", "b", "c"] });
  await world.settle(5000);
  expect(world.ends.get(away)).toMatchObject({ code: "MASTER_REMOVED" });
  const before = await world.list();
  await world.settle(5000);
  expect((await world.list()).term).toBe(before.term);
});

test("one id comes back with an empty data folder, and is not taken for its past self", async () => {
  const world = await threeMasters();
  const lost = (await world.list()).masters.find(({ role }) => role === "voter")!.masterId;
  await world.stop(lost);
  await world.settle(2000);
  await world.remove(lost);
  world.disks.delete(lost);
  world.ends.delete(lost);
  await world.start(lost, { key: "key-again" });
  await world.add(lost);
  await world.settle(5000);
  expect(names(await world.list())).toEqual(["a", "b", "c"]);
  expect(world.ends.get(lost)).toBeUndefined();
});

test("messages of another cluster, for another master, or of one sender for another are refused", async () => {
  const world = await threeMasters();
  const peer = world.rpc.client({ role: "node" });
  const request = { from: "b", to: "a", fromAddress: "b:1", fromKey: "", messages: [] };
  const send = (change: object) =>
    peer.call("a:1", peerApi.step, { clusterId: "one", ...request, ...change }, { timeoutMs: 100 });
  await world.during(send({}));
  const noise = [Uint8Array.of(255, 255, 255)];
  const wrong: object[] = [
    { clusterId: "two" },
    { messages: noise },
    { fromAddress: "x".repeat(300) },
  ];
  const many = { messages: Array.from({ length: 300 }, () => Uint8Array.of(1)) };
  for (const change of wrong) {
    await expect(world.during(send(change))).rejects.toMatchObject({
      code: expect.stringMatching(/^(MESSAGE_INVALID|LIMIT_EXCEEDED)$/),
    });
  }
  await expect(world.during(send(many))).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  const client = world.rpc.client({ role: "client" });
  const addition = { masterId: "d", address: "d:1", replaces: "" };
  await expect(
    world.during(client.call("a:1", masterApi.add, addition, { timeoutMs: 100 })),
  ).rejects.toMatchObject({ code: "FORBIDDEN" });
});
