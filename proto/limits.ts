// Every upper bound of the system, named with its unit, with the reason for its size.

// --- Raft -------------------------------------------------------------------------------------

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

// --- Leases and time --------------------------------------------------------------------------

/** The leader logs a tick this often while anything can expire. */
export const loggedTickMs = 250;
/** A worker that renewed nothing for this long is lost. 5 s: longer than a bad pause of a busy machine. */
export const workerLeaseLoggedTicks = 20;
/** A task whose progress counter stood still for this long loses its lease (60 s): user code may be stuck. */
export const taskProgressLoggedTicks = 240;
/** A driver that did not renew for this long is replaced (5 s). */
export const driverLeaseLoggedTicks = 20;
/** Agents renew this often: a quarter of the lease. */
export const renewEveryMs = 1000;
/** One renewal waits this long for a master: several must fit a lease, or a paused leader takes its workers along. */
export const renewTimeoutMs = 1500;
/** Drivers that a job may lose in a row without starting a new action: one that kills its process always will. */
export const driversLostMax = 6;
/** After a job ended, its stray uploads are swept once no zombie can still write (longest lease). */
export const sweepAfterLoggedTicks = 20;
/** It is swept once more this long after (5 min): a request that was given up may take effect minutes later. */
export const sweepAgainLoggedTicks = 1200;
/** Ended jobs are kept for queries, then dropped, oldest first. */
export const endedJobsKeptMax = 1000;
/** A task that its worker did not name in a renewal for this long is not known there: its grant was lost (5 s). */
export const taskLeaseLoggedTicks = 20;
/** Pause before a failed task runs again, doubled with every failure: lets a passing trouble pass. */
export const taskRetryLoggedTicks = 2;
/** Longest pause after a failed fetch: all pauses together outlast the lease of a dead worker many times. */
export const taskFetchRetryLoggedTicksMax = 16;
/** A task waits this long for its preferred worker before any other may take it. */
export const placementWaitLoggedTicks = 2;
/** A bundle that no live job uses is dropped after this long (60 s): a submit soon follows its upload. */
export const bundleUnusedLoggedTicks = 240;

// --- Jobs -------------------------------------------------------------------------------------

/** Compiled job module: carried in the log, so that nothing else has to be installed. */
export const bundleBytesMax = 8 * 1024 * 1024;
/** Result of one action as recorded in the driver's history. Larger results are written to an output. */
export const actionResultBytesMax = 8 * 1024 * 1024;
/** Job parameters as JSON. */
export const paramsBytesMax = 256 * 1024;
/** One stage graph as JSON, splits included. */
export const stageGraphBytesMax = 12 * 1024 * 1024;
export const stagesPerActionMax = 256;
export const tasksPerStageMax = 100_000;
export const partitionsPerShuffleMax = 4096;
export const actionsPerJobMax = 10_000;
/** Attempts of one task that failed for a retriable reason before the job fails. */
export const taskAttemptsMax = 4;
/** Executor deaths that one task may cause before the job fails: a heap-exhausting closure is fatal soon. */
export const taskExecutorDeathsMax = 2;
/** Tasks in one grant: amortises the log entry without starving other workers. */
export const tasksPerGrantMax = 64;
/** Fetch failures of one task before the action fails: they blame the peer, so they have their own bound. */
export const taskFetchFailuresMax = 20;
/** Characters of a counter's name. */
export const counterNameCharsMax = 100;
/** Named numbers that one task counts: each is kept in the state until the action ends. */
export const countersPerTaskMax = 256;
/** Jobs that have not ended: bounds the replicated state and the walk over it. */
export const jobsLiveMax = 1000;
/** All recorded outcomes of one job as JSON: they fit one GetHistory reply. */
export const jobHistoryBytesMax = 16 * 1024 * 1024;
/** All bundles together: they are part of every snapshot. */
export const bundlesBytesMax = 256 * 1024 * 1024;
/** Stages whose outputs one job keeps for later actions: each is a record per task in the state. */
export const keptStagesMax = 64;
/** Plans of one action, each made because something that was kept for it was lost: workers do not stay alive. */
export const plansPerActionMax = 16;
/** Output folders that wait to be swept: beyond it the store is out of order, and no new output starts. */
export const sweepsPendingMax = 10_000;

// --- Locks ------------------------------------------------------------------------------------

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

// --- Workers ----------------------------------------------------------------------------------

/** Live workers of one cluster. */
export const workersMax = 1000;
/** Task slots of one worker: more than the threads of any machine at hand. */
export const workerSlotsMax = 1024;
/** Share of a worker on the placement ring, relative to a worker of weight 1. */
export const workerWeightMax = 64;
/** Virtual nodes of weight 1 on the placement ring: evens out the arcs. */
export const ringPointsPerWeight = 128;
/** Jobs of which one worker may hold files, as told in one renewal. */
export const heldJobsMax = 10_000;
/** Reports in one request. */
export const reportsPerCallMax = 4096;
/** Characters of results and upload handles in one request of reports, unless one alone has more. */
export const reportCharsPerCallMax = 4 * 1024 * 1024;
/** Jobs whose earlier outcomes a worker keeps for the replays of its tasks. */
export const historiesKeptMax = 64;

// --- Names ------------------------------------------------------------------------------------

/** Characters of an id. */
export const idCharsMax = 200;
/** Characters of a job's name, a stage's label, a reason. */
export const labelCharsMax = 2000;
/** Characters of a note that a graph carries for its driver: the text of a plan. */
export const noteCharsMax = 256 * 1024;
/** Characters of a URI or a folder. */
export const uriCharsMax = 4096;

// --- Planning ---------------------------------------------------------------------------------

/** Map tasks that an input is cut into, as far as the bounds on their size allow. */
export const splitsAimed = 16;
/** Input bytes of one map task: below, starting it weighs; above, running it again does. */
export const splitBytesMin = 4 * 1024 * 1024;
export const splitBytesMax = 32 * 1024 * 1024;
/** Input bytes per reduce partition; fixes the partition count from the inputs alone, never from the workers. */
export const partitionInputBytesTarget = 64 * 1024 * 1024;
/** Reduce partitions chosen by the planner. */
export const plannedPartitionsMax = 256;
/** Map tasks chosen by the planner: splits of a larger input grow, so that its stage graph fits its bound. */
export const plannedSplitsMax = 50_000;
/** Numbers of a range that one task makes. */
export const rangeRowsPerTask = 1024 * 1024;
/** A side of a join with at most this many bytes of input files is sent whole to the tasks of the other. */
export const broadcastBytesMax = 16 * 1024 * 1024;
/** A larger side of a join is cut without first counting what a filter leaves of it: it would fill the disks. */
export const measuredBytesMax = 8 * 1024 * 1024 * 1024;
/** Memory of a row of unknown columns, for estimates. */
export const assumedRowBytes = 64;
/** Small files packed into one map task. */
export const filesPerSplitMax = 1024;
/** Files of one input that are named one by one in a plan, some megabytes of it; of more only borders are named. */
export const namedFilesMax = 20_000;
/** Small files packed into one map task where only borders are named: it lists them again, which takes a second. */
export const listedFilesPerSplitMax = 65_536;
/** Characters of one split of a source of others, as recorded with the plan: it names what is to be read. */
export const sourceSplitCharsMax = 64 * 1024;
/** Characters of what one task staged in a sink of others, as recorded in the log: it names where rows are. */
export const sinkReceiptCharsMax = 64 * 1024;
/** Code of a source or a sink may wait for the other system for this long (30 min) before it counts as stuck. */
export const connectorWaitMsMax = 30 * 60_000;
/** While it waits, it is looked this often whether its task was cancelled; each look shows that the task is alive. */
export const connectorLookMs = 250;
/** Batches that wait for the code of a sink: one is taken while the next is made. */
export const sinkBatchesWaitingMax = 2;
/** A cleanup of an action that failed, or whose job was cancelled, is given up after this long (2 min). */
export const cleanupLoggedTicks = 480;
/** Nodes of one plan: each is a digest in every grant and a step of every replay. */
export const planNodesMax = 1000;
/** `orderBy` with at most this many wanted rows keeps only those in memory; more is sorted as a whole. */
export const topRowsMax = 100_000;
/** Promise turns between two outcomes given to a driver program, so that both runs and replays interleave alike. */
export const driverTurnsPerOutcome = 256;
/** Sort keys sampled by each task of a range-partitioned sort. */
export const sortSamplesPerTask = 256;
/** Samples of all its tasks together, which one task gathers: a thousand for each range there may be. */
export const sortSamplesMax = 262_144;

// --- Data -------------------------------------------------------------------------------------

/** Rows of one batch. */
export const batchRowsMax = 65_536;
/** JavaScript values handed to closures at a time. */
export const chunkRowsMax = 8192;
/** One synchronous read of an input file. */
export const readBytesMax = 1024 * 1024;
/** One line of text input. */
export const lineBytesMax = 64 * 1024 * 1024;
/** One sealed block. */
export const blockBytesMax = 512 * 1024 * 1024;
/** Table and keys of one counter of strings: operators drain far earlier, and offsets stay in 31 bits. */
export const stringCounterBytesMax = 1024 * 1024 * 1024;
/** Distinct keys that a map task combines before it hands on what it has and begins anew. */
export const partialEntriesMax = 1024 * 1024;
/**
 * A map task that finds more groups than this share of its first rows stops making groups, and hands on each row as a
 * group of its own: the reduce task has most of the work to do anyhow. Few rows must be nearly all different.
 */
export const partialSharesMax: readonly { readonly rows: number; readonly share: number }[] = [
  { rows: 65_536, share: 0.9 },
  { rows: 262_144, share: 0.5 },
];
/** Memory of the groups of a map task before the same: less than an operator may have by itself on any usual worker. */
export const partialGroupsBytesMax = 32 * 1024 * 1024;
/** Memory of groups in one table: about twice a cache. More are divided by a hash, so that each table fits. */
export const dividedGroupsBytesMin = 4 * 1024 * 1024;
/** Rows that are divided at once: some thousands for each table. */
export const dividedRowsHeld = 262_144;
/** How often groups that do not fit into memory are divided anew: 64 parts each time. */
export const groupDivisionsDeepMax = 3;
/** Memory of the string counter of a map task before the same. */
export const partialTextBytesMax = 128 * 1024 * 1024;
/** Tables of texts that one thread has open: each reserves address space for 4 GiB, which no process has without end. */
export const textIndexesMax = 16;
/** Keys of groups or of a join that lie within such a range are found by an array: 16 MiB, twice a cache. */
export const denseKeysMax = 4 * 1024 * 1024;
/** Answers of asynchronous calls that wait for one before them: order is kept, memory is bounded. */
export const asyncRowsAheadMax = 4096;
/** Rows that a shuffle keeps as JavaScript values for one partition before it encodes them. */
export const shufflePartitionRowsHeld = 16_384;
/** The same over all partitions of a task. */
export const shuffleRowsHeldMax = 262_144;
/** Bytes of columns that wait to be divided, where rows are long: they are copied twice for it. */
export const shuffleHeldBytesMax = 16 * 1024 * 1024;
/** Blocks of other map tasks fetched ahead of the one that is consumed. */
export const shuffleFetchesAhead = 4;
/** Jobs a worker remembers as released: "released" and "missing" are different answers. */
export const releasedJobsMax = 10_000;
/** Bytes of one quoted field of a CSV file in columns: looked at to tell whether a border of splits lies in quotes. */
export const csvFieldBytesMax = 1024 * 1024;
/** Bytes at the beginning of a file, and files, by which types of CSV and NDJSON are inferred. */
export const inferenceBytes = 1024 * 1024;
export const inferenceFilesMax = 4;
/** Packed bytes of one zstd file, which is held whole while it is unpacked. */
export const zstdFileBytesMax = 512 * 1024 * 1024;
/** Read from the end of a Parquet file at first: most footers are smaller. */
export const parquetTailBytes = 64 * 1024;
/** Bytes of a Parquet footer: 100 columns in 10 000 row groups take about so many. */
export const parquetFooterBytesMax = 256 * 1024 * 1024;
/** Bytes of a Parquet page or an Arrow buffer, packed or not: some writers make one of a whole row group. */
export const pageBytesMax = 1024 * 1024 * 1024;
/** Unwanted bytes between wanted columns that are fetched along: a request costs as much. */
export const parquetGapBytesMax = 64 * 1024;
/** Packed bytes of one row group held at once; columns of larger ones are fetched piece by piece. */
export const parquetHeldBytesMax = 64 * 1024 * 1024;
/** Rows of a row group that we write: enough that pages and dictionaries are worth their heads. */
export const parquetGroupRowsMax = 512 * 1024;
/** Bytes of columns held for a row group that we write, per task. */
export const parquetGroupBytesMax = 64 * 1024 * 1024;
/** Bytes of a dictionary that we write: larger ones do not pay. */
export const parquetDictionaryBytesMax = 1024 * 1024;
/** Files of one output task: more would make a report that a log entry cannot hold. */
export const uploadsPerTaskMax = 2000;
/** Bytes of rows held by one output task for partitions whose files are not begun. */
export const partitionHeldBytesMax = 128 * 1024 * 1024;
/** Bytes of rows of one Arrow file, which is held whole until its columns are known; larger outputs get several. */
export const arrowFileBytesMax = 256 * 1024 * 1024;
/** Bytes of output encoded before they are written to an upload. */
export const outputWriteBytes = 1024 * 1024;
/** One part of a multipart upload; S3 asks for at least 5 MiB on all but the last. */
export const uploadPartBytes = 8 * 1024 * 1024;
/** Parts of one multipart upload: S3's own bound. */
export const uploadPartsMax = 10_000;
/** Attempts of one object store request, with pauses that double from storeRetryPauseMs (about 6 s in all). */
export const storeAttemptsMax = 7;
export const storeRetryPauseMs = 100;
/** An object store that sends nothing for this long is taken to be gone; a write's outcome is then unknown. */
export const storeSilenceMsMax = 30_000;
/** Connections of one process to an object store. */
export const storeSocketsMax = 64;
/** Objects of one listing: beyond it the splits would not fit a stage graph. */
export const listedObjectsMax = 1_000_000;
/** Folders deep that a listing of files goes: ends a loop of symbolic links. */
export const listedFoldersDeepMax = 64;
/** Patterns that the braces of one glob may stand for. */
export const globAlternativesMax = 256;

/** Uploads that a leader completes at the same time. */
export const uploadsCompletingMax = 16;
/** Commits and sweeps that a leader has under way at the same time; the others wait their turn. */
export const intentsRunningMax = 32;
/** Pause before the leader tries a failed commit or sweep again. */
export const intentRetryMs = 500;

// --- Processes and messages -------------------------------------------------------------------

/** One RPC message: the largest carries a bundle or a stage graph. */
export const rpcMessageBytesMax = 20 * 1024 * 1024;
/** What names a call within a stream of calls, beside its message. */
export const rpcEnvelopeBytesMax = 1024;
/** A larger request is a gRPC call of its own, so that those on a shared stream need not wait for it. */
export const rpcStreamedBytesMax = 64 * 1024;
/** A single unary call, unless it is a long poll. */
export const rpcTimeoutMs = 10_000;
/** A long poll waits this long on the server before it answers "nothing new". */
export const longPollMs = 10_000;
/** Workers and drivers ask this often instead: a leader that hangs must not hold them up for long. */
export const shortPollMs = 3_000;
/** The answer to a short poll may take this much longer; then another leader is looked for. */
export const shortPollReplyMs = 5_000;
/** Polls waiting on one master. */
export const pollsWaitingMax = 4096;
/** How long a client goes on looking for a leader before it reports UNAVAILABLE. */
export const leaderSearchMsMax = 30_000;
export const leaderSearchPauseMs = 100;
/** Memory of an executor process as a share of its machine or container; the rest is for files and neighbours. */
export const executorMemoryShare = 0.6;
/** What an executor process takes without any rows: the program, its libraries, compiled code. */
export const executorBaseBytes = 64 * 1024 * 1024;
/** What each thread takes beside rows that are held: batches, and garbage, which V8 begins to collect after 64 MiB. */
export const executorThreadBytes = 128 * 1024 * 1024;
/** A block of a spill file: large enough that a disk reads it at full speed, small enough that many fit a budget. */
export const spillBlockBytesMin = 32 * 1024;
export const spillBlockBytesMax = 1024 * 1024;
/** Bytes of rows that become one batch, however large the budget is: offsets of texts are 32-bit numbers. */
export const heldBytesMax = 1536 * 1024 * 1024;
/** Partitions into which rows are divided that do not fit; each as often again as the next bound says. */
export const spillPartitions = 32;
/** Times that a partition is divided further, by another hash: 32^4 parts; beyond it, its rows have one key. */
export const spillDivisionsDeepMax = 3;
/** Bytes of one batch that a sort hands on, where its rows are long. */
export const sortPieceBytes = 16 * 1024 * 1024;
/** Spill files that one task has open at a time: an operator has one or two. */
export const spillFilesPerTaskMax = 64;
/** Bytes in all spill files of one task: more than one disk at hand holds. */
export const spillBytesPerTaskMax = 2 * 1024 * 1024 * 1024 * 1024;
/** Restarts of a dead executor in a row without one finished task, before the worker gives up. */
export const executorRestartsMax = 5;
/** Heap of one executor thread, MiB, unless the operator of the cluster says otherwise. */
export const executorThreadHeapMiB = 2048;
/** No progress of a task within the executor for this long: the closure is stuck (30 s). */
export const closureDeadlineMs = 30_000;
/** How often an executor looks at its running tasks: for progress and for stuck closures. */
export const executorWatchMs = 250;
/** A cancelled task may end by itself for this long, which keeps its thread warm. */
export const executorCancelMs = 1000;
/** Executor deaths further apart than this are not "in a row". */
export const executorRestartPauseMs = 30_000;
/** Standard error of a dead executor that is kept to tell what it died of. */
export const executorStderrCharsKept = 16 * 1024;
/** For how long an idle thread keeps the sides of joins that its last task was sent whole. */
export const keptSidesIdleMs = 2000;
/** Replayed actions whose closures a thread keeps. */
export const replaysKeptMax = 16;
/** Compiled job modules that a worker keeps on disk, the least recently used dropped first. */
export const bundlesKeptMax = 64;
/** Drivers that one worker runs for detached jobs. */
export const driversPerWorkerMax = 16;
/** One log line: longer ones lose fields, so that no event can flood a log. */
export const logLineBytesMax = 8 * 1024;
/** One text value of a log line. */
export const logFieldCharsMax = 2048;
/** An access token: shorter ones can be guessed, longer ones do not fit a header. */
export const tokenCharsMin = 16;
export const tokenCharsMax = 1024;
/** Error record in a call's trailers: HTTP/2 headers are small (commonly 16 KiB, a third lost to base64). */
export const rpcErrorBytesMax = 6 * 1024;
/** Waits before a channel reconnects: failover is as slow as the longest of them. */
export const rpcReconnectMsMin = 50;
export const rpcReconnectMsMax = 300;
/** A silent connection is probed this often while calls wait on it, and dropped without an answer. */
export const rpcKeepaliveMs = 5000;
export const rpcKeepaliveTimeoutMs = 3000;
/** A closing server lets running calls finish for this long; long polls make it wait in full. */
export const rpcServerDrainMs = 300;
/** Calls under way on one server, long polls included. */
export const rpcCallsInflightMax = 8192;
/** Peers that one client keeps channels to; the longest unused is closed first. */
export const rpcChannelsMax = 1024;

// --- Data plane -------------------------------------------------------------------------------

/** Payload of one frame of a block: small enough to share an event loop, large enough to be cheap. */
export const blockFrameBytesMax = 256 * 1024;
/** Frames without payload: hellos, requests, answers, errors. */
export const blockControlBytesMax = 8 * 1024;
/** Requests a client may have under way on one connection. */
export const blockRequestsInflightMax = 16;
/** Requests that wait in a client for one peer. */
export const blockRequestsQueuedMax = 65_536;
/** Blocks that a server reads ahead for one connection: overlaps disk and network, bounds memory. */
export const blockReadsInflightMax = 4;
/** No byte for this long while an answer is due: the peer is taken for dead. */
export const blockStallMs = 15_000;
/** A client closes a connection that it did not use for this long. */
export const blockClientIdleMs = 30_000;
/** A server closes an unused one later than any client would, so that no request meets a closing one. */
export const blockServerIdleMs = 120_000;
/** Connect and handshake. */
export const blockHandshakeMs = 5000;
/** Peers connected to one block server. */
export const blockConnectionsMax = 1024;

// --- Disk -------------------------------------------------------------------------------------

/** Operations waiting on one open file: its owner awaits them in small groups. */
export const diskOperationsQueuedMax = 1024;
/** Bytes that are written by a call of this thread: about the cost of handing them to another one. */
export const diskWriteNowBytesMax = 64 * 1024;
/** Space that is reserved at once from here on is a hole, which costs blocks later instead of zeros now. */
export const diskHoleBytesMin = 1024 * 1024;
/** Attempts to take the lock of a data folder while others race for it. */
export const diskLockAttemptsMax = 16;

// --- Expressions ------------------------------------------------------------------------------

/** Sets of column types for which an expression keeps its kernels: mixed batches alternate among few. */
export const expressionBindingsMax = 64;
/** Compiled patterns that one call keeps where its pattern is a column. */
export const patternsCachedMax = 256;
/** Time zones whose offsets a thread keeps: all there are (about 600). */
export const timeZonesMax = 1024;
/** Years of offsets that are kept for one zone: longer than any usual column of times spans. */
export const timeZoneYearsMax = 1024;
/** Characters that `repeat`, `padStart` or `padEnd` make of one row: beyond it is a mistake in a count. */
export const madeTextCharactersMax = 16 * 1024 * 1024;
