// Bounds of masters among themselves: log, elections, snapshots, messages of peers, membership.

/** One tick of a master's Raft core. Short against the election timeout, long against a busy event loop. */
export const raftTickMs = 50;
/** Followers hear from the leader at least this often. */
export const raftHeartbeatTicks = 2;
/** Random timeout in [min, max): far above a heartbeat plus an fsync on a loaded two-core machine. */
export const raftElectionTicksMin = 12;
export const raftElectionTicksMax = 24;
/** Entries in one append message: bounds the work of one follower step. */
export const raftAppendEntriesMax = 1024;
/** Bytes in one append message, unless a single entry is larger. */
export const raftAppendBytesMax = 1024 * 1024;
/** Bytes in an append that asks where a follower stands: it is sent again with every heartbeat until answered. */
export const raftProbeBytesMax = 16 * 1024;
/** Append messages under way to one follower: keeps the pipe full without flooding a slow peer. */
export const raftInflightMessagesMax = 64;
/** Proposed but uncommitted bytes on a leader: beyond it proposals are refused as UNAVAILABLE. */
export const raftUncommittedBytesMax = 64 * 1024 * 1024;
/** One log entry: the largest command is a bundle. */
export const raftEntryBytesMax = 16 * 1024 * 1024;
/** Applied entries kept after a snapshot so that a slow follower can catch up without one. */
export const raftEntriesKeptAfterSnapshot = 4096;
/** Bytes of log after which a snapshot is taken. */
export const raftSnapshotEveryBytes = 32 * 1024 * 1024;
/**
 * Ticks without the end of a save under way before a master neither leads nor campaigns: two of the
 * longest election timeouts (2.4 s). A slow disk takes as long now and then, a hanging one for ever.
 */
export const raftSaveTicksMax = 48;
/** Tasks of one piece of a snapshot: about a millisecond's work. */
export const snapshotPieceItems = 1024;
/** A snapshot is made and checked in slices of this length: a heartbeat is never late by much more. */
export const snapshotSliceMs = 5;
/** Bytes of a snapshot that are copied or checksummed before the clock is looked at. */
export const snapshotSliceBytes = 1024 * 1024;
/** A WAL segment grows by multiples of this, in zeros, before it is written to. Part of its format. */
export const walReserveBytes = 64 * 1024;
/** One WAL segment. */
export const walSegmentBytesMax = 16 * 1024 * 1024;
/** Messages waiting for one peer: more than the pipeline ever holds; the oldest is dropped beyond it. */
export const peerMessagesQueuedMax = 256;
/** A snapshot travels in pieces of this size: each is one message, and short against a heartbeat. */
export const raftSnapshotChunkBytesMax = 1024 * 1024;
/** One snapshot put together from pieces: all bundles as text, and the state beside them. */
export const peerSnapshotBytesMax = 768 * 1024 * 1024;
/** A delivery holds up what waits behind it for so long at most: less than until an election would begin. */
export const peerCallPatienceMs = 500;
/** And longer by its size: on a starved machine a megabyte may take seconds, and must not be sent in vain. */
export const peerCallBytesPerMsMin = 256;
/** A delivery that was slower is not taken back before this: it arrives after all, and so may its answer. */
export const peerCallLateMs = 5000;
/** Deliveries to one peer that are not answered yet: the next leaves while the peer still syncs the last. */
export const peerCallsInflightMax = 4;
/** A peer that has no answer by then, since its disk is slow, answers by a delivery of its own. */
export const peerAnswerWaitMs = 100;
/** Masters in one cluster. */
export const mastersMax = 9;
/** Id, address or key of a master in the membership: a host name has at most 253 characters. */
export const memberTextCharsMax = 260;
/** Addresses of masters that are remembered without their being members: who leaves, who is new. */
export const peersRememberedMax = 4 * mastersMax;
/** A founder with an empty log asks the others so long whether they know it: short, as some are not there yet. */
export const foundingAskMs = 1000;
/** Asking an address who answers there: one round trip, and the operator waits. */
export const identifyTimeoutMs = 3000;
/** How long a master with a damaged log looks for a leader: machines that start together need minutes. */
export const healingSearchMsMax = 300_000;
/** A removed master goes on for this long, to answer who asked for it and to tell the others. */
export const removedGraceMs = 1000;
/** Clients ask the leader for the list of masters this often, while they call it at all. */
export const mastersRefreshMs = 2000;
/** A new master whose log does not grow for this long is reported to the operator as stuck. */
export const learnerStallMsMax = 60_000;
/** A piece of a snapshot that was sent but not answered is sent again (10 s): long against writing a large one. */
export const raftSnapshotRetryTicks = 200;
/** Reads waiting for a quorum to confirm the leader: beyond it they are refused as UNAVAILABLE. */
export const raftReadsWaitingMax = 8192;
/** Proposals waiting to be applied: the callers behind them take memory even where their bytes are few. */
export const raftProposalsWaitingMax = 65_536;
/** Any index, term or offset in a peer's message: far above what is ever reached, far below inexact sums. */
export const raftNumberMax = 2 ** 48;
/** How far a peer's term may be ahead of ours: an election in each millisecond for six weeks. */
export const raftTermsAheadMax = 2 ** 32;
/** Saves under way at once: while the disk is slow, what follows gathers into fewer, larger saves. */
export const raftSavesInflightMax = 64;
/**
 * Indexes that a recovered log leaves out, since fencing tokens are indexes: as many entries as a cluster makes at
 * 10 000 a second in five days. What was lost with the others may have handed out tokens beyond the survivor's last one.
 */
export const recoveredIndexesSkipped = 2 ** 32;
