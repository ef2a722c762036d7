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
/** One WAL segment. */
export const walSegmentBytesMax = 16 * 1024 * 1024;
/** Masters in one cluster. */
export const mastersMax = 9;

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
/** After a job ended, its stray uploads are swept once no zombie can still write (longest lease). */
export const sweepAfterLoggedTicks = 20;
/** Ended jobs are kept for queries, then dropped, oldest first. */
export const endedJobsKeptMax = 1000;

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

// --- Planning ---------------------------------------------------------------------------------

/** Input bytes of one map task. */
export const splitBytesTarget = 16 * 1024 * 1024;
/** Input bytes per reduce partition; fixes the partition count from the inputs alone, never from the workers. */
export const partitionInputBytesTarget = 64 * 1024 * 1024;
/** Reduce partitions chosen by the planner. */
export const plannedPartitionsMax = 256;
/** Sort keys sampled by each task of a range-partitioned sort. */
export const sortSamplesPerTask = 256;

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
/** One part of a multipart upload; S3 asks for at least 5 MiB on all but the last. */
export const uploadPartBytes = 8 * 1024 * 1024;

// --- Processes and messages -------------------------------------------------------------------

/** One RPC message: the largest carries a bundle or a stage graph. */
export const rpcMessageBytesMax = 20 * 1024 * 1024;
/** A single unary call, unless it is a long poll. */
export const rpcTimeoutMs = 10_000;
/** A long poll waits this long on the server before it answers "nothing new". */
export const longPollMs = 10_000;
/** Polls waiting on one master. */
export const pollsWaitingMax = 4096;
/** How long a client goes on looking for a leader before it reports UNAVAILABLE. */
export const leaderSearchMsMax = 30_000;
export const leaderSearchPauseMs = 100;
/** Restarts of a dead executor in a row without one finished task, before the worker gives up. */
export const executorRestartsMax = 5;
/** Heap of one executor thread, MiB, unless the operator of the cluster says otherwise. */
export const executorThreadHeapMiB = 2048;
/** No progress of a task within the executor for this long: the closure is stuck (30 s). */
export const closureDeadlineMs = 30_000;
/** Drivers that one worker runs for detached jobs. */
export const driversPerWorkerMax = 16;
