// How long a snapshot of very many tasks keeps a master from everything else.

import { snapshotPieces } from "../../master/scheduler/snapshot.ts";
import { joinPieces } from "../../master/snapshot-pieces.ts";
import { openRaftStorage } from "../../master/storage/raft-storage.ts";
import { asClusterId } from "../../proto/ids.ts";
import { realClock } from "../../proto/io/clock.ts";
import { openDisk } from "../../proto/io/disk.ts";
import { raftHeartbeatTicks, raftTickMs } from "../../proto/limits/raft.ts";
import { sleep } from "../../proto/ports/clock.ts";
import { loadScheduler } from "./scheduler-load.ts";
import type { Figure } from "./statistics.ts";

/** The longest time between two turns of the event loop, until stopped. */
function watchLoop(): () => number {
  let longestMs = 0;
  let isOver = false;
  let lastMs = performance.now();
  const look = (): void => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    isOver = true;
    look();
    return longestMs;
  };
}

/** As a master takes one: made, written, synced, read back and checked. `folder` must be empty. */
export async function measureSnapshot(folder: string, tasks: number): Promise<Figure[]> {
  const load = loadScheduler(tasks);
  // All but the last, which would end the action and drop its tasks.
  for (let done = 0; done < tasks - 1; done += 1000) {
    load.finish(load.grant(Math.min(1000, tasks - 1 - done)));
  }
  const disk = await openDisk(folder);
  const pause = () => sleep(realClock, 0);
  const storage = await openRaftStorage(disk, asClusterId("bench"), { pause });
  const startedMs = performance.now();
  const longestMs = watchLoop();
  const encoder = new TextEncoder();
  const pieces = snapshotPieces(load.state).map((make) => () => encoder.encode(make()));
  const bytes = await joinPieces(pieces, realClock);
  const madeMs = performance.now() - startedMs;
  await storage.saveSnapshot({ index: load.state.appliedIndex, term: 1, bytes });
  const blockedMs = longestMs();
  const tookMs = performance.now() - startedMs;
  await storage.close();
  await disk.close();
  const measure = `snapshot of ${tasks} tasks`;
  const heartbeatMs = raftHeartbeatTicks * raftTickMs;
  return [
    {
      measure,
      what: "longest block of the event loop",
      unit: "ms",
      values: [blockedMs],
      aim: { kind: "most", value: heartbeatMs },
    },
    { measure, what: "made", unit: "ms", values: [madeMs] },
    { measure, what: "made, durable and verified", unit: "ms", values: [tookMs] },
  ];
}
