// The disk in memory behaves like the port says, and fails like a disk does.
import { describe, expect, test } from "vitest";
import { EngineError } from "../errors.ts";
import { memoryDisk } from "./memory-disk.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("memoryDisk", () => {
  test("a crash loses what was not synced, but for a torn part", async () => {
    const disk = memoryDisk();
    const file = await disk.openAppend("a/log");
    await file.append(bytes(1, 2));
    await file.sync();
    await file.append(bytes(3, 4, 5));
    expect(disk.peek("a/log")).toEqual(bytes(1, 2, 3, 4, 5));
    const torn = disk.crash((_path, unsynced) => unsynced - 2);
    expect(await torn.read("a/log")).toEqual(bytes(1, 2, 3));
    await expect(file.append(bytes(6))).rejects.toThrow("the disk is gone");
  });

  test("a truncation that was not synced is undone by a crash", async () => {
    const disk = memoryDisk(new Map([["log", bytes(1, 2, 3, 4)]]));
    const file = await disk.openAppend("log");
    await file.truncate(3);
    await file.truncate(1);
    await file.append(bytes(9));
    expect(disk.peek("log")).toEqual(bytes(1, 9));
    expect(disk.crash().peek("log")).toEqual(bytes(1, 2, 3, 4));
  });

  test("a truncation that was synced stays", async () => {
    const disk = memoryDisk(new Map([["log", bytes(1, 2, 3, 4)]]));
    const file = await disk.openAppend("log");
    await file.truncate(1);
    await file.sync();
    expect(disk.crash().peek("log")).toEqual(bytes(1));
    expect(disk.syncCount()).toBe(1);
  });

  test("atomic writes and removals are durable; listing is by folder, sorted", async () => {
    const disk = memoryDisk();
    await disk.writeAtomic("s/b", bytes(1));
    await disk.writeAtomic("s/a", bytes(2));
    await disk.writeAtomic("s/deep/c", bytes(3));
    await disk.remove("s/b");
    const after = disk.crash();
    expect(await after.list("s")).toEqual(["a"]);
    expect(await after.list("none")).toEqual([]);
    expect(after.paths()).toEqual(["s/a", "s/deep/c"]);
    expect(await after.read("s/b")).toBeUndefined();
  });

  test("fails on demand, a failing append after a part", async () => {
    const disk = memoryDisk();
    const file = await disk.openAppend("log");
    const error = new EngineError("DISK_FULL", "no space");
    disk.fault = ({ kind }) => (kind === "append" ? { error, writtenBytes: 1 } : undefined);
    await expect(file.append(bytes(1, 2))).rejects.toThrow("no space");
    expect(disk.peek("log")).toEqual(bytes(1));
  });
});
