// One of three masters goes on alone with what it has, as a cluster of its own, and is refused what it must not take.

import { expect, test } from "vitest";
import { asMasterId } from "../../proto/ids.ts";
import { mastersRefreshMs, recoveredIndexesSkipped } from "../../proto/limits/raft.ts";
import { type MemoryDisk, memoryDisk } from "../../proto/testing/memory-disk.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import { readIdentity, writeIdentity } from "./identity.ts";
import { readSurvivor, viewSurvivor, writeRecovered } from "./recovery.ts";
import { createWorld, names, threeMasters, type World } from "./testing/masters.ts";

/** Answers the fencing token. */
async function lock(world: World, name: string): Promise<number> {
  const owner = `owner-of-${name}`;
  const claim = { name, owner, holder: "test", ttlMs: 600_000, waitMs: 0, pollMs: 0 };
  return (await world.during(world.leader.call(clientApi.acquireLock, claim))).token;
}

function contentsOf(disk: MemoryDisk): ReadonlyMap<string, string> {
  return new Map(disk.paths().map((path) => [path, Buffer.from(disk.peek(path)!).toString("hex")]));
}

/** Three masters that were stopped with the same log, and what was in it. */
async function lostCluster(): Promise<{ world: World; token: number }> {
  const world = await threeMasters();
  const token = await lock(world, "kept");
  await world.settle(1000);
  for (const name of ["a", "b", "c"]) await world.stop(name);
  return { world, token };
}

function recover(world: World, from: MemoryDisk, to: MemoryDisk) {
  let keys = 0;
  const ports = { clock: world.clock, newKey: () => `${++keys}`.repeat(32) };
  return world.during(readSurvivor(from).then((survivor) => writeRecovered(to, survivor, ports)));
}

test("it leads alone with all it had, hands out no token twice, and two others join", async () => {
  const { world, token } = await lostCluster();
  const survivor = world.disks.get("c")!;
  const before = contentsOf(survivor);
  const view = viewSurvivor(await readSurvivor(survivor));
  expect(view).toMatchObject({ masterId: "c", clusterId: "one", masters: ["a", "b", "c"] });
  expect(view.lastIndex).toBeGreaterThanOrEqual(view.commitIndex);
  expect(view.commitIndex).toBeGreaterThanOrEqual(token);

  const recovered = memoryDisk();
  const clusterId = await recover(world, survivor, recovered);
  expect(contentsOf(survivor)).toEqual(before);
  world.disks.set("c", recovered);
  await world.start("c", {});
  const alone = await world.list();
  expect([alone.clusterId, names(alone)]).toEqual([clusterId, ["c"]]);
  await expect(lock(world, "kept")).resolves.toBe(token);
  expect(await lock(world, "new")).toBeGreaterThan(token + recoveredIndexesSkipped);

  // It is a cluster like any other: masters join, and it may be lost again.
  for (const name of ["d", "e"]) {
    await world.start(name, { cluster: clusterId, key: `key-${name}` });
    await world.add(name);
  }
  await world.settle(mastersRefreshMs);
  await world.put();
  await world.stop("c");
  expect(names(await world.list())).toEqual(["c", "d", "e"]);
  await world.start("c", {});
  await world.stop("d");
  await expect(lock(world, "kept")).resolves.toBe(token);
});

test("masters of the lost cluster that come back are refused, and change nothing", async () => {
  const { world } = await lostCluster();
  const recovered = memoryDisk();
  await recover(world, world.disks.get("c")!, recovered);
  world.disks.set("c", recovered);
  await world.start("c", {});
  const { term } = await world.list();
  await world.start("a", {});
  await world.settle(10_000);
  expect(await world.list()).toMatchObject({ term, leader: "c" });
  expect(names(await world.list())).toEqual(["c"]);
  expect(world.ends.size).toBe(0);
});

test("what is not certain to be a member's whole log is refused", async () => {
  const { world } = await lostCluster();
  const disk = world.disks.get("c")!;
  await expect(readSurvivor(memoryDisk())).rejects.toThrow("no master's");
  const identity = (await readIdentity(disk))!;
  await writeIdentity(disk, { ...identity, isRemoved: true });
  await expect(readSurvivor(disk)).rejects.toMatchObject({ code: "MASTER_REMOVED" });
  await writeIdentity(disk, { ...identity, nextKey: "next" });
  await expect(readSurvivor(disk)).rejects.toMatchObject({ code: "LOG_CORRUPT" });
  await writeIdentity(disk, { ...identity, key: "of another folder" });
  await expect(readSurvivor(disk)).rejects.toMatchObject({ code: "MASTER_REMOVED" });
  await writeIdentity(disk, identity);
  const joining = memoryDisk();
  const masterId = asMasterId("d");
  await writeIdentity(joining, { ...identity, masterId, key: "key-d", founders: new Map() });
  await expect(readSurvivor(joining)).rejects.toThrow("empty log");
  // Neither over another master's data, nor over what a crash left half written.
  const survivor = await readSurvivor(disk);
  const ports = { clock: world.clock, newKey: () => "f".repeat(32) };
  const refused = writeRecovered(world.disks.get("a")!, survivor, ports);
  await expect(refused).rejects.toThrow("holds the data of master a of cluster one");
  const half = memoryDisk();
  await half.writeAtomic("snapshots/0000000000000001-0000000000000001.snap", new Uint8Array(9));
  await expect(writeRecovered(half, survivor, ports)).rejects.toThrow("an interrupted recovery");
});

test("a single master may be recovered too, to leave a cluster behind that it was copied from", async () => {
  const world = createWorld(["a"]);
  await world.start("a", { founders: ["a"] });
  const token = await lock(world, "kept");
  await world.stop("a");
  const recovered = memoryDisk();
  await recover(world, world.disks.get("a")!, recovered);
  world.disks.set("a", recovered);
  await world.start("a", {});
  await expect(lock(world, "kept")).resolves.toBe(token);
});
