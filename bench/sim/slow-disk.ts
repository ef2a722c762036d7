// A disk whose syncs take virtual time: long enough for crashes and messages to come between.

import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import type { RandomStream } from "../../proto/ports/random.ts";

/** Mostly a few milliseconds, now and then as long as an election. */
function syncMs(random: RandomStream): number {
  return random.below(200) === 0 ? random.below(1500) : random.below(8);
}

export function slowDisk(
  disk: Disk,
  clock: Clock,
  random: RandomStream,
  isSlow: () => boolean,
): Disk {
  const wait = async (): Promise<void> => {
    if (isSlow()) await sleep(clock, syncMs(random));
  };
  return {
    list: disk.list,
    read: disk.read,
    remove: disk.remove,
    writeAtomic: async (path, bytes) => {
      await wait();
      await disk.writeAtomic(path, bytes);
    },
    openAppend: async (path) => {
      const file = await disk.openAppend(path);
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
