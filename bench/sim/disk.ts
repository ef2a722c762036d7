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
    readPieces: disk.readPieces,
    remove: disk.remove,
    move: disk.move,
    writeAtomic: async (path, ...parts) => {
      await wait();
      await disk.writeAtomic(path, ...parts);
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

/** Where a segment says which format it has. */
const versionBytes: readonly number[] = [6, 7];

/** Bytes that the last batch of a log never has here. */
const lastBatchBytesMax = 8192;

/**
 * Flips one bit somewhere in what was written to the log but in its last batch, where rot and a torn
 * write look the same. False where the log is too short for that.
 */
export function flipBit(disk: MemoryDisk, random: RandomStream): boolean {
  const segments = disk.paths().filter((name) => name.startsWith("wal/"));
  const path = segments[random.below(Math.max(1, segments.length))];
  const bytes = path === undefined ? undefined : disk.peek(path);
  if (path === undefined || bytes === undefined) return false;
  // Beyond it lies reserve, where a bit changes nothing.
  const written = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const length = path === segments.at(-1) ? written - lastBatchBytesMax : written;
  if (length < 1) return false;
  const at = random.below(length);
  // With a bit flipped it looks like a version of the future, which only an operator can judge.
  if (path.startsWith("wal/") && versionBytes.includes(at)) return false;
  bytes[at] = bytes[at]! ^ (1 << random.below(8));
  disk.poke(path, bytes);
  return true;
}
