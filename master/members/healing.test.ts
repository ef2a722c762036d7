// A master with a damaged log begins anew where the others can do without it, and else loses nothing.

import { expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { healingSearchMsMax } from "../../proto/limits/raft.ts";
import type { MemoryDisk } from "../../proto/testing/memory-disk.ts";
import { masterApi } from "../../proto/wire/methods.ts";
import { damagedFolder } from "./healing.ts";
import { readIdentity, writeIdentity } from "./identity.ts";
import { createWorld, names, threeMasters } from "./testing/masters.ts";

type World = Awaited<ReturnType<typeof threeMasters>>;
const founders = ["a", "b", "c"];

/** A bit of the first records, which later ones prove to have been durable. */
function rot(disk: MemoryDisk): void {
  const path = disk.paths().find((name) => name.startsWith("wal/"))!;
  const bytes = disk.peek(path)!;
  bytes[150] = bytes[150]! ^ 4;
  disk.poke(path, bytes);
}

/** A follower stopped, with more in its log than one batch. */
async function stopFollower(world: World): Promise<string> {
  for (let i = 0; i < 5; i++) await world.put();
  await world.settle(500);
  const { masters } = await world.list();
  const name = masters.find(({ role }) => role === "voter")!.masterId;
  await world.stop(name);
  return name;
}

async function roleOf(world: World, name: string) {
  return (await world.list()).masters.find(({ masterId }) => masterId === name);
}

async function untilVoter(world: World, name: string): Promise<void> {
  for (let look = 0; look < 200; look++) {
    const found = await roleOf(world, name);
    if (found?.role === "voter" && found.lagEntries === 0) return;
    await world.settle(50);
  }
  throw new Error(`${name} does not vote`);
}

const walOf = (disk: MemoryDisk) =>
  disk.paths().filter((path) => path.startsWith("wal/") || path.startsWith("snapshots/"));

/** All but what notes the intent. */
function contentsOf(disk: MemoryDisk): ReadonlyMap<string, string> {
  const paths = disk.paths().filter((path) => path !== "identity.json");
  return new Map(paths.map((path) => [path, Buffer.from(disk.peek(path)!).toString("hex")]));
}

test("it votes again under a new key, the damaged files are kept, and another one may fail", async () => {
  const world = await threeMasters();
  const name = await stopFollower(world);
  const disk = world.disks.get(name)!;
  rot(disk);
  const damaged = contentsOf(disk);
  await world.during(world.start(name, { founders }));
  await untilVoter(world, name);
  expect((await roleOf(world, name))?.key).toBe(`key-1-of-${name}`);
  for (const [path, bytes] of damaged) {
    const kept = `${damagedFolder}/key-1-of-${name}.${path.replace(/^.*\//, "")}`;
    expect(Buffer.from(disk.peek(kept)!).toString("hex")).toBe(bytes);
  }
  const other = (await world.list()).masters.find(
    ({ masterId, role }) => role === "voter" && masterId !== name,
  )!.masterId;
  await world.stop(other);
  await world.put();
  expect(world.ends.size).toBe(0);
  // And from its own disk, and from a second damage, of which alone the files are kept then.
  await world.start(other, { founders });
  await world.settle(2000);
  await world.stop(name);
  await world.start(name, { founders });
  await untilVoter(world, name);
  await world.stop(name);
  rot(disk);
  await world.during(world.start(name, { founders }));
  await untilVoter(world, name);
  const kept = disk.paths().filter((path) => path.startsWith(damagedFolder));
  expect(kept.length).toBeGreaterThan(0);
  for (const path of kept) expect(path).toContain("key-2-of-");
});

test("a folder whose log was emptied is no new master's: it begins anew, or is refused", async () => {
  const world = await threeMasters();
  const name = await stopFollower(world);
  const disk = world.disks.get(name)!;
  for (const path of walOf(disk)) await disk.remove(path);
  const refused = world.start(name, { founders, heals: false });
  await expect(refused).rejects.toMatchObject({
    code: "LOG_CORRUPT",
    message: expect.stringContaining(`the log of master ${name} is gone`),
  });
  expect(walOf(disk)).toEqual([]);
  await world.during(world.start(name, { founders }));
  await untilVoter(world, name);
  expect((await roleOf(world, name))?.key).toBe(`key-1-of-${name}`);
  // Also a second time, under the key that it has now.
  await world.stop(name);
  for (const path of walOf(disk)) await disk.remove(path);
  await world.during(world.start(name, { founders }));
  await untilVoter(world, name);
  expect((await roleOf(world, name))?.key).toBe(`key-2-of-${name}`);
});

test("a crash between the first identity and the first log is no damage", async () => {
  const world = createWorld(["a"]);
  await world.start("a", { founders: ["a"] });
  await world.stop("a");
  const disk = world.disks.get("a")!;
  for (const path of walOf(disk)) await disk.remove(path);
  await writeIdentity(disk, { ...(await readIdentity(disk))!, hasLog: false });
  await world.start("a", { founders: ["a"] });
  await world.put();
  expect((await readIdentity(disk))?.hasLog).toBe(true);
});

test("a damaged snapshot is given up alike", async () => {
  const world = await threeMasters();
  const name = await stopFollower(world);
  const path = "snapshots/0000000000000003-0000000000000001.snap";
  world.disks.get(name)!.poke(path, new Uint8Array(100));
  await world.during(world.start(name, { founders }));
  await untilVoter(world, name);
});

test("one that joined finds the others by where it last knew them", async () => {
  const world = await threeMasters();
  await world.start("d", { key: "key-d" });
  await world.add("d", "a");
  await world.settle(3000);
  for (let i = 0; i < 5; i++) await world.put();
  await world.stop("d");
  await world.settle(3000);
  rot(world.disks.get("d")!);
  await world.during(world.start("d", { key: "key-d" }));
  await world.settle(5000);
  expect((await roleOf(world, "d"))?.key).toBe("key-1-of-d");
  expect((await roleOf(world, "d"))?.role).toMatch(/voter|leader/);
});

test("the only master of a cluster refuses at once, and nothing changes", async () => {
  const world = createWorld(["a"]);
  await world.start("a", { founders: ["a"] });
  for (let i = 0; i < 5; i++) await world.put();
  await world.stop("a");
  const disk = world.disks.get("a")!;
  rot(disk);
  const before = contentsOf(disk);
  await expect(world.start("a", { founders: ["a"] })).rejects.toMatchObject({
    code: "LOG_CORRUPT",
    message: expect.stringContaining("no other master"),
  });
  expect(contentsOf(disk)).toEqual(before);
});

test("of two, and of three without another one, it refuses in time, and nothing changes", async () => {
  const world = await threeMasters();
  const name = await stopFollower(world);
  const [other] = founders.filter((one) => one !== name && world.running.has(one));
  await world.stop(other!);
  const disk = world.disks.get(name)!;
  rot(disk);
  const before = contentsOf(disk);
  const refused = world.start(name, { founders }).catch((thrown: unknown) => thrown);
  await world.settle(healingSearchMsMax + 5000);
  expect(await refused).toMatchObject({
    code: "LOG_CORRUPT",
    message: expect.stringContaining("Nothing was changed on its disk"),
  });
  expect(contentsOf(disk)).toEqual(before);
  // The same folder heals when the other one is back.
  await world.start(other!, { founders });
  await world.during(world.start(name, { founders }));
  await untilVoter(world, name);
});

test("told not to, it ends with what is wrong", async () => {
  const world = await threeMasters();
  const name = await stopFollower(world);
  rot(world.disks.get(name)!);
  const before = contentsOf(world.disks.get(name)!);
  await expect(world.start(name, { founders, heals: false })).rejects.toMatchObject({
    code: "LOG_CORRUPT",
  });
  expect(contentsOf(world.disks.get(name)!)).toEqual(before);
});

test("one that was removed meanwhile does not come back", async () => {
  const world = await threeMasters();
  const name = await stopFollower(world);
  await world.settle(2000);
  await world.remove(name);
  rot(world.disks.get(name)!);
  const ended = world.during(world.start(name, { founders }));
  await expect(ended).rejects.toMatchObject({ code: "MASTER_REMOVED" });
  expect(names(await world.list())).not.toContain(name);
  expect((await readIdentity(world.disks.get(name)!))?.isRemoved).toBe(true);
});

test("one that answers is not renewed, nor one of another cluster, nor for less than a majority", async () => {
  const world = await threeMasters();
  const { masters, leader } = await world.list();
  const masterId = masters.find(({ role }) => role === "voter")!.masterId;
  const renewal = { clusterId: "one", masterId, key: "", nextKey: "next" };
  const ask = (change: object) =>
    world.during(
      world.rpc
        .client({ role: "node" })
        .call(`${leader}:1`, masterApi.renew, { ...renewal, ...change }, { timeoutMs: 20_000 }),
    );
  await expect(ask({})).rejects.toMatchObject({ code: "UNAVAILABLE" });
  await expect(ask({ clusterId: "two" })).rejects.toMatchObject({ code: "MASTER_MISMATCH" });
  await expect(ask({ key: "other" })).rejects.toMatchObject({ code: "MASTER_REMOVED" });
  await expect(ask({ nextKey: "" })).rejects.toMatchObject({ code: "MESSAGE_INVALID" });
  expect((await world.list()).masters.every(({ key }) => key === "")).toBe(true);
});

/**
 * Every write of the disk may be the last one of a life. Before it the old key stands with its log; behind
 * it the new one without: the old key with an empty log never, since that would forget what it promised.
 */
test("a crash at any write of healing is gone on from", async () => {
  let crashes = 0;
  for (let at = 0; ; at++) {
    const world = await threeMasters();
    const name = await stopFollower(world);
    rot(world.disks.get(name)!);
    const disk = world.disks.get(name)!;
    let writes = 0;
    let isHit = false;
    disk.fault = ({ kind }) => {
      if (kind !== "write" && kind !== "remove") return undefined;
      if (writes++ !== at) return undefined;
      isHit = true;
      return { error: new EngineError("DISK_FAILED", "power is lost") };
    };
    await world.during(world.start(name, { founders })).catch(() => undefined);
    if (!isHit) break;
    crashes++;
    await world.stop(name);
    const left = disk.crash();
    world.disks.set(name, left);
    const identity = (await readIdentity(left))!;
    if (identity.key === "") expect(walOf(left)).toEqual(walOf(disk));
    else expect(identity.key).toBe(identity.nextKey ?? identity.key);
    if (identity.key === "") expect(walOf(left).length).toBeGreaterThan(0);
    world.ends.clear();
    await world.during(world.start(name, { founders }));
    await untilVoter(world, name);
    expect(world.ends.size).toBe(0);
  }
  expect(crashes).toBeGreaterThan(4);
});

test("a learner with a damaged log learns anew", async () => {
  const world = await threeMasters();
  await world.start("d", { key: "key-d" });
  await world.during(
    world.leader.call(masterApi.add, { masterId: "d", address: "d:1", replaces: "" }),
  );
  await world.stop("d");
  const disk = world.disks.get("d")!;
  const found = (await readIdentity(disk))!;
  // Where it knew nobody yet, it is told.
  const known = new Map([...found.known, ...(await readIdentity(world.disks.get("a")!))!.founders]);
  await writeIdentity(disk, { ...found, known });
  disk.poke("snapshots/0000000000000003-0000000000000001.snap", new Uint8Array(100));
  await world.during(world.start("d", { key: "key-d" }));
  await untilVoter(world, "d");
});
