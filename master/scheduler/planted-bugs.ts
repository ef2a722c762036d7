// Known mistakes with leases that tests switch on, to show that they would be found. Production plants none.

export const leaseBugs = [
  /** A leader that was deposed, or stuck since an earlier term, still lets time pass (etcd#15247). */
  "oldLeaderRevokes",
  /** Who waited is told that it holds the lock without another look (etcd#11456). */
  "grantedWithoutRecheck",
  /** A renewal brings back a lock that was given up meanwhile. */
  "renewsAfterRevocation",
  /** Each new leader gives every lease its full time again (etcd#9395). */
  "electionsProlong",
  /** A holder that missed the reply to its first request is not known again, and its lock has no end yet. */
  "lostCreationOrphans",
  /** Tokens are handed out and never looked at. */
  "fencingOff",
] as const;

export type LeaseBug = (typeof leaseBugs)[number];
