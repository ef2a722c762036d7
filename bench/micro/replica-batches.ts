// One replica on a real disk, proposals straight into it: how many entries a second it makes durable.

import { defaultRaftConfig } from "../../master/raft/config.ts";
import { simpleVoters } from "../../master/raft/quorum.ts";
import { createRaft } from "../../master/raft/raft.ts";
import { createReplica } from "../../master/replica.ts";
import { openRaftStorage } from "../../master/storage/raft-storage.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { realClock } from "../../proto/io/clock.ts";
import { openDisk } from "../../proto/io/disk.ts";
import { realRandom } from "../../proto/io/seed.ts";
import type { Figure } from "./statistics.ts";

const entryBytes = 100;

/** `folder` must be empty. */
export async function measureReplica(
  folder: string,
  batches: number,
  batchEntries: number,
): Promise<Figure[]> {
  const disk = await openDisk(folder);
  const storage = await openRaftStorage(disk, asClusterId("bench"));
  const id = asMasterId("m1");
  let applied = 0;
  const replica = createReplica<number>({
    raft: createRaft({
      id,
      voters: simpleVoters([id]),
      config: defaultRaftConfig,
      random: realRandom(),
      ...storage.recovered,
    }),
    storage,
    outbox: { send: () => {}, close: () => {} },
    clock: realClock,
    machine: {
      apply: () => ++applied,
      restore: () => {},
      snapshot: () => [() => new Uint8Array(1)],
    },
    addressOf: () => undefined,
    onApplied: () => {},
    onStatus: () => {},
    onFatal: (failure) => {
      throw failure;
    },
  });
  replica.start();
  await replica.readBarrier();
  const command = new Uint8Array(entryBytes);
  const startedMs = performance.now();
  // Two batches under way: one is saved while the other is made.
  let before: Promise<unknown> = Promise.resolve();
  for (let i = 0; i < batches; i++) {
    const batch = Array.from({ length: batchEntries }, () => replica.propose(command));
    await before;
    before = Promise.all(batch);
  }
  await before;
  const elapsedMs = performance.now() - startedMs;
  const entries = batches * batchEntries;
  if (applied !== entries) throw new Error(`${applied} of ${entries} entries were applied`);
  replica.stop();
  await storage.close();
  await disk.close();
  const measure = `one replica, batches of ${batchEntries} entries of ${entryBytes} bytes, fsync`;
  return [
    {
      measure,
      what: "rate",
      unit: "entries/s",
      values: [(entries * 1000) / elapsedMs],
      aim: { kind: "least", value: 100_000 },
    },
  ];
}
