// A data folder says whose it is: nobody else's start, and no newer version's, goes on with it.

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { memoryDisk } from "../../proto/testing/memory-disk.ts";
import { type Beginning, openIdentity, readIdentity, writeIdentity } from "./identity.ts";

const [m1, m2] = [asMasterId("m1"), asMasterId("m2")];
const sha256Hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function founding(founders: Readonly<Record<string, string>>): Beginning {
  const all = Object.entries(founders).map(([id, address]) => [asMasterId(id), address] as const);
  return { kind: "found", founders: () => new Map(all), newKey: () => "random" };
}

function joining(clusterId = "one"): Beginning {
  return { kind: "join", clusterId: async () => asClusterId(clusterId), newKey: () => "random" };
}

test("founders that were told the same form one cluster, in whichever order; others another", async () => {
  const idOf = async (founders: Readonly<Record<string, string>>) =>
    (await openIdentity(memoryDisk(), m1, founding(founders), sha256Hex)).clusterId;
  const one = await idOf({ m1: "a:1", m2: "b:1" });
  expect(await idOf({ m2: "b:1", m1: "a:1" })).toBe(one);
  expect(await idOf({ m1: "a:1", m2: "c:1" })).not.toBe(one);
});

test("what the folder says holds, whatever the next start is told of the others", async () => {
  const disk = memoryDisk();
  const first = await openIdentity(disk, m1, founding({ m1: "a:1", m2: "b:1" }), sha256Hex);
  expect(first.key).toBe("founder-random");
  expect(await openIdentity(disk, m1, founding({ m1: "a:9" }), sha256Hex)).toEqual(first);
  expect(await openIdentity(disk, m1, joining("two"), sha256Hex)).toEqual(first);
});

test("who joins has the cluster's id and a key of its own, and keeps them", async () => {
  const disk = memoryDisk();
  const identity = await openIdentity(disk, m2, joining(), sha256Hex);
  expect(identity).toMatchObject({ clusterId: "one", masterId: "m2", key: "random" });
  expect(identity.founders.size).toBe(0);
  expect(await readIdentity(disk)).toEqual(identity);
});

test("the folder of another master, and of one that was removed, is refused", async () => {
  const disk = memoryDisk();
  const identity = await openIdentity(disk, m1, joining(), sha256Hex);
  await expect(openIdentity(disk, m2, joining(), sha256Hex)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("belongs to master m1 of cluster one, not to m2"),
  });
  await writeIdentity(disk, { ...identity, isRemoved: true });
  await expect(openIdentity(disk, m1, joining(), sha256Hex)).rejects.toMatchObject({
    code: "MASTER_REMOVED",
  });
});

test.each([
  ['{"version":2,"anything":"new"}', "DATA_FOLDER_VERSION"],
  ["", "LOG_CORRUPT"],
  ["[]", "LOG_CORRUPT"],
  ['{"version":1,"clusterId":"c","masterId":"m1","key":""}', "LOG_CORRUPT"],
  [
    '{"version":1,"clusterId":"c","masterId":"m1","key":"","founders":[["a"]],"isRemoved":false}',
    "LOG_CORRUPT",
  ],
])("%s is refused with %s, and left as it is", async (text, code) => {
  const disk = memoryDisk();
  const bytes = new TextEncoder().encode(text);
  await disk.writeAtomic("identity.json", bytes);
  const opening = openIdentity(disk, m1, joining(), sha256Hex);
  await expect(opening).rejects.toMatchObject({ code });
  expect(await disk.read("identity.json")).toEqual(bytes);
});
