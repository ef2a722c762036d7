// Clients that hold named locks while a cluster is disturbed, and write to what the locks guard.

import { LockClients } from "../checkers/lock-clients.ts";
import type { VirtualCluster } from "./cluster.ts";

/** By the clocks of the clients. */
const ttlMs = 2000;
/** So few that their users meet. */
const locks = 2;
/** A client that finds no leader for so long says so, and comes again. */
const searchMsMax = 5000;

export interface LockUsersOptions {
  readonly names: readonly string[];
  readonly driftPerThousandMax: number;
  /** False: planted; the guarded resource takes every write. */
  readonly isFenced: boolean;
}

export interface LockUsers {
  /** Nobody begins anything new; what is under way goes on. */
  stop(): void;
  /**
   * Waits until every lock is free for others, then fails where the histories of locks and writes are not what
   * locks with tokens may do. Answers the calls that were noted.
   */
  finish(): Promise<number>;
}

export function startLockUsers(cluster: VirtualCluster, options: LockUsersOptions): LockUsers {
  const { names, driftPerThousandMax, isFenced } = options;
  const { clock, pace } = cluster;
  const users = new LockClients({
    ...{ clock, locks, ttlMs, isFenced },
    clients: names.map((name) => cluster.connect(name, searchMsMax)),
    // The leader's clock may be fast.
    leaseMsMin: (ttlMs * pace) / (1 + driftPerThousandMax / 1000),
    writeMsMax: 4 * ttlMs * pace,
  });
  users.start();
  return {
    stop: () => users.stop(),
    finish: async () => {
      users.stop();
      // Histories without calls would prove nothing, and are not asked for.
      if (names.length === 0) return 0;
      await cluster.during(users.takeAll(cluster.connect("last lock user", 300_000)));
      return users.check().operations;
    },
  };
}
