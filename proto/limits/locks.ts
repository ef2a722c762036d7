// Bounds of named locks.

/** Locks held at once, those of output folders included: each tick looks at all of them. */
export const locksMax = 10_000;
/** Claims waiting for all locks together: each tick looks at all of them too. */
export const lockWaitersMax = 10_000;
/** Characters of a lock's name, and of what it says of its holder. */
export const lockNameCharsMax = 200;
/** A lease: shorter ones would run out during a failover, longer ones leave the lock with a dead holder. */
export const lockTtlMsMin = 1000;
export const lockTtlMsMax = 24 * 3600 * 1000;
/** Lease of a client that renews three times in it: outlasts a failover, and a dead holder is soon replaced. */
export const lockTtlMsDefault = 15_000;
/** Longest wait for a lock. */
export const lockWaitMsMax = 24 * 3600 * 1000;
/** A job waits this long for a lock unless it says otherwise (10 min): jobs before it may be long. */
export const jobLockWaitMsDefault = 600_000;
/** A claim that is over is remembered for this long (60 s), so that no late copy of its request revives it. */
export const lockClaimKeptLoggedTicks = 240;
/** Such claims; beyond it the oldest are forgotten, and a late copy would hold its lock until its lease ends. */
export const lockClaimsKeptMax = 10_000;
