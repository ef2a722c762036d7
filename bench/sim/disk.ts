// A disk whose syncs take virtual time, and which hangs, fills up, fails and rots.

import { EngineError } from "../../proto/errors.ts";
import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import type { MemoryDisk } from "../../proto/testing/memory-disk.ts";

/** What is wrong with the disk of one master now. */
export interface DiskTrouble {
  /** Per thousand syncs, those that take as long as an election. */
  slow: number;
  /** True time until which nothing ends. */
  hangsUntilMs: number;
  isFull: boolean;
  failsNextSync: boolean;
}

export const healthy = (): DiskTrouble => {
  return { slow: 5, hangsUntilMs: 0, isFull: false, failsNextSync: false };
};

export interface SlowDiskPorts {
  readonly clock: Clock;
  readonly random: RandomStream;
  /** Before the master runs, its disk answers at once. */
  isRunning(): boolean;
  trouble(): DiskTrouble;
  /** True time. */
  nowMs(): number;
}

export function slowDisk(disk: MemoryDisk, ports: SlowDiskPorts): Disk {
  const { clock, random, trouble } = ports;
  const slowMsMax = 1500;
  disk.fault = ({ kind, path }) => {
    const now = trouble();
    if (now.isFull && (kind === "append" || kind === "write")) {
      return { error: new EngineError("DISK_FULL", `${kind} ${path}: the disk is full`) };
    }
    if (!now.failsNextSync || (kind !== "sync" && kind !== "write")) return undefined;
    now.failsNextSync = false;
    return { error: new EngineError("DISK_FAILED", `${kind} ${path}: the disk failed`) };
  };
  const wait = async (): Promise<void> => {
    if (!ports.isRunning()) return;
    const isSlow = random.below(1000) < trouble().slow;
    await sleep(clock, isSlow ? random.below(slowMsMax) : random.below(8));
    while (ports.nowMs() < trouble().hangsUntilMs) await sleep(clock, 100);
  };
  return {
    list: disk.list,
    read: disk.read,
    remove: disk.remove,
    writeAtomic: async (path, bytes) => {
      await wait();
      await disk.writeAtomic(path, bytes);
    },
    openAppend: async (path, sizeBytes) => {
      const file = await disk.openAppend(path, sizeBytes);
      return {
        ...file,
        sync: async () => {
          await wait();
          await file.sync();
        },
      };
    },
  };
}

/**
 * Flips one bit in the older half of what was written to the newest log segment: beyond it lies
 * reserve, where a bit changes nothing.
 */
export function flipBit(disk: MemoryDisk, random: RandomStream): boolean {
  const path = disk.paths().findLast((name) => name.startsWith("wal/"));
  const bytes = path === undefined ? undefined : disk.peek(path);
  const written = (bytes?.findLastIndex((byte) => byte !== 0) ?? -1) + 1;
  if (path === undefined || bytes === undefined || written < 512) return false;
  const at = random.below(Math.floor(written / 2));
  bytes[at] = bytes[at]! ^ (1 << random.below(8));
  disk.poke(path, bytes);
  return true;
}
