// Known mistakes that tests switch on, to show that they would be found. Production plants none.

export const plantedBugs = [
  /** A change, and in one step, before an entry of the leader's own term is committed. */
  "configBeforeOwnTerm",
  /** Entries of earlier terms are committed by counting alone (Raft paper, figure 8). */
  "commitsPriorTerms",
  /** Term and vote reach the disk in two saves. */
  "termAndVoteApart",
  /** Replies leave before what they claim is durable. */
  "repliesBeforeSync",
  /** An answer to any earlier heartbeat confirms a read. */
  "staleReadIndex",
  /** Votes are given although the leader is heard. */
  "removedServerDisrupts",
  /** A snapshot takes the newest membership instead of the one at its index. */
  "snapshotKeepsUncommittedMembership",
  /** A short late message removes what follows it. */
  "shortAppendTruncates",
  /** A save proves entries that were replaced while it was under way. */
  "saveProvesOverwritten",
  /** While membership changes, a majority of everyone together is enough. */
  "jointCountsTogether",
  /** Pieces of two snapshots are put together. */
  "snapshotPiecesMixed",
  /** A change of membership stays in effect when its entry is removed from the log. */
  "membershipOutlivesTruncation",
] as const;

export type PlantedBug = (typeof plantedBugs)[number];
