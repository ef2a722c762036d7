// A founder whose folder was emptied is not taken for its past self: neither its vote nor what it has counts.

import { expect, test } from "vitest";
import { asClusterId } from "../../proto/ids.ts";
import { raftElectionTicksMin, raftTickMs } from "../../proto/limits/raft.ts";
import { memoryDisk } from "../../proto/testing/memory-disk.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import { openRaftStorage } from "../storage/raft-storage.ts";
import { isFolderOf, isFounderKey } from "./founders.ts";
import { createWorld, names, type World } from "./testing/masters.ts";

const founders = ["a", "b", "c"];

async function foundedCluster(): Promise<World> {
  const world = createWorld(founders);
  for (const name of founders) await world.start(name, { founders, key: `founder-${name}` });
  await world.put();
  await world.settle(2000);
  return world;
}

/** As a disk that was replaced, under flags that say what they always said. */
async function emptied(world: World, name: string): Promise<void> {
  await world.stop(name);
  world.disks.set(name, memoryDisk());
}

const anew = (name: string) => ({ founders, key: `founder-${name}-anew` });

async function lock(world: World, name: string): Promise<number> {
  const owner = `owner-of-${name}`;
  const claim = { name, owner, holder: "test", ttlMs: 600_000, waitMs: 0, pollMs: 0 };
  return (await world.during(world.leader.call(clientApi.acquireLock, claim))).token;
}

/** How many are in its log. */
async function entriesOf(world: World, name: string): Promise<number> {
  const storage = await openRaftStorage(world.disks.get(name)!.crash(), asClusterId("one"));
  return storage.recovered.entries.length;
}

async function keys(world: World): Promise<readonly string[]> {
  return (await world.list()).masters.map(({ key }) => key).sort();
}

test("leaders note the folders of all founders, of one that comes late and of one alone, too", async () => {
  const world = createWorld(founders);
  for (const name of ["a", "b"]) await world.start(name, { founders, key: `founder-${name}` });
  await world.put();
  await world.settle(2000);
  expect(await keys(world)).toEqual(["", "founder-a", "founder-b"]);
  await world.start("c", { founders, key: "founder-c" });
  await world.settle(5000);
  expect(await keys(world)).toEqual(["founder-a", "founder-b", "founder-c"]);
  expect(world.ends.size).toBe(0);

  const alone = createWorld(["a"]);
  await alone.start("a", { founders: ["a"], key: "founder-a" });
  await alone.settle(5000);
  expect(await keys(alone)).toEqual(["founder-a"]);
  expect(alone.ends.size).toBe(0);
});

test.each(["a", "b", "c"])("%s with an emptied folder ends, and the others go on", async (name) => {
  const world = await foundedCluster();
  const token = await lock(world, "kept");
  await emptied(world, name);
  await world.put();
  await world.start(name, anew(name));
  await world.settle(10_000);
  expect(world.ends.get(name)).toMatchObject({ code: "MASTER_REMOVED" });
  await expect(lock(world, "kept")).resolves.toBe(token);
  // As its message says: another one takes its place.
  await world.start("d", { key: "key-d" });
  await world.add("d", name);
  expect(names(await world.list())).toEqual([...founders.filter((one) => one !== name), "d"]);
});

test("its vote makes no leader of one that lacks what was acknowledged", async () => {
  const world = await foundedCluster();
  await world.stop("c");
  const token = await lock(world, "while-c-was-away");
  for (const name of ["a", "b"]) await world.stop(name);
  await emptied(world, "b");
  await world.start("b", anew("b"));
  await world.start("c", {});
  await expect(world.list()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await world.start("a", {});
  await expect(lock(world, "while-c-was-away")).resolves.toBe(token);
  await world.settle(5000);
  expect(world.ends.get("b")).toMatchObject({ code: "MASTER_REMOVED" });
});

test("two with emptied folders found no second cluster beside the one that is left", async () => {
  const world = await foundedCluster();
  const token = await lock(world, "kept");
  const disk = world.disks.get("b")!;
  for (const name of ["a", "b"]) await world.stop(name);
  for (const name of ["a", "b"]) await emptied(world, name);
  for (const name of ["a", "b"]) await world.start(name, anew(name));
  // Before either could stand for election: they would lead for a moment, had they heard each other first.
  await world.settle(raftElectionTicksMin * raftTickMs - 100);
  for (const name of ["a", "b"]) {
    expect(world.ends.get(name)).toMatchObject({ code: "MASTER_REMOVED" });
  }
  await world.settle(10_000);
  for (const name of ["a", "b"]) expect(await entriesOf(world, name)).toBe(0);
  expect(world.ends.has("c")).toBe(false);
  await expect(world.list()).rejects.toMatchObject({ code: "UNAVAILABLE" });
  // With the folder that it lost, the one that is left has its majority again, and all it had.
  await world.stop("b");
  world.disks.set("b", disk);
  await world.start("b", {});
  await expect(lock(world, "kept")).resolves.toBe(token);
});

test("a founder that never began is no stranger, however long the others have gone on", async () => {
  const world = createWorld(founders);
  for (const name of ["a", "b"]) await world.start(name, { founders, key: `founder-${name}` });
  for (let round = 0; round < 5; round++) await world.put();
  await world.settle(60_000);
  await world.start("c", { founders, key: "founder-c" });
  await world.settle(5000);
  await world.stop("a");
  await world.put();
  expect(world.ends.size).toBe(0);
});

test("which folders may be a founder's", () => {
  expect([isFounderKey(""), isFounderKey("founder-1"), isFounderKey("1")]).toEqual([
    ...[true, true, false],
  ]);
  // Of a cluster of an earlier version, and before it was heard.
  expect([isFolderOf("", ""), isFolderOf("", "founder-1"), isFolderOf("", "1")]).toEqual([
    ...[true, true, false],
  ]);
  expect([isFolderOf("founder-1", "founder-1"), isFolderOf("founder-1", "founder-2")]).toEqual([
    ...[true, false],
  ]);
  expect(isFolderOf("founder-1", "")).toBe(false);
});
