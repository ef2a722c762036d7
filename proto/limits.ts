// Upper bounds of the system, named with their units, with the reason for each size. Those of one subject alone are
// beside this file, in proto/limits.

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
export const tasksPerGrantMax = 256;
/**
 * Tasks that a worker takes ahead of its slots where tasks are short, as many as it ended in about 50 ms: a grant and a
 * report cost an entry of the log whatever they hold, and 256 are 50 ms at 5000 tasks a second.
 */
export const tasksAheadMax = tasksPerGrantMax;
/** Fetch failures of one task before the action fails: they blame the peer, so they have their own bound. */
export const taskFetchFailuresMax = 20;
/** Characters of a counter's name. */
export const counterNameCharsMax = 100;
/** Named numbers that one task counts: each is kept in the state until the action ends. */
export const countersPerTaskMax = 256;
/** Columns that no row of a task had, and columns that they had instead, that its report names beside its counters. */
export const absentColumnsToldMax = 20;
export const absentNamesToldMax = 60;
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
/**
 * Bytes of one map task where few of the columns are read, in the columns that are: each task has groups, an output and a
 * way through the log of its own, which such tasks would have little work beside.
 */
export const splitReadBytesAimed = 16 * 1024 * 1024;
/** Map tasks that an input is cut into all the same, as far as its bytes allow. */
export const splitsOfFewColumnsMin = 4;
/**
 * Input bytes per reduce partition that is read alone; fixes the partition count from the inputs alone, never from the
 * workers.
 */
export const wholePartitionBytesTarget = 64 * 1024 * 1024;
/** Of partitions that may be read together: so small that groups and joins of small inputs too keep some cores busy. */
export const partitionBytesMin = 4 * 1024 * 1024;
/** Bytes of small partitions that one reduce task reads: work for some times as long as the task itself costs. */
export const coalescedBytesTarget = 1024 * 1024;
/**
 * Bytes below groups that one task makes because they likely are few: should there be as many groups as rows, it takes some
 * tenths of a second longer than several would.
 */
export const oneTaskGroupsBytesMax = 16 * 1024 * 1024;
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
/** A cleanup of an action that failed, or whose job was cancelled, is given up after this long (2 min). */
export const cleanupLoggedTicks = 480;
/** Nodes of one plan: each is a digest in every grant and a step of every replay. */
export const planNodesMax = 1000;
/** `orderBy` with at most this many wanted rows keeps only those in memory; more is sorted as a whole. */
export const topRowsMax = 100_000;
/** First rows of each partition of a window that are told while rows come; of more, all rows are put in order. */
export const rankLimitRowsMax = 128;
/** Memory of a step that does so, before it hands on the rows that it has and begins anew. */
export const rankLimitBytesMax = 64 * 1024 * 1024;
/** Rows that it holds over twice those that were left when it last picked them: picking costs about as much as they do. */
export const rankLimitRowsHeld = 65_536;
/** It hands on all rows where after so many it has hardly left any out: first rows of groups come late, too. */
export const rankLimitGivesUp = { rows: 262_144, share: 0.9 } as const;
/** Promise turns between two outcomes given to a driver program, so that both runs and replays interleave alike. */
export const driverTurnsPerOutcome = 256;
/** Sort keys sampled by each task of a range-partitioned sort. */
export const sortSamplesPerTask = 256;
/** Samples of all its tasks together, which one task gathers: a thousand for each range there may be. */
export const sortSamplesMax = 262_144;
/** Of files of lines that are sorted, one piece of every window is read for samples: a sixty-fourth. */
export const sortSampleBytes = 64 * 1024;
export const sortSampleWindowBytes = 4 * 1024 * 1024;
/** Pieces of all windows together: each is named in the plan, and four are enough for any range. */
export const sortSamplePiecesMax = 1024;
/** Pieces that one task reads: as much as a map task at least. */
export const sortSamplePiecesPerTask = 64;
/** Sort keys sampled for each piece. */
export const sortSamplesPerPiece = 64;

// --- Data -------------------------------------------------------------------------------------

/** Rows of one batch. */
export const batchRowsMax = 65_536;
/** JavaScript values handed to closures at a time. */
export const chunkRowsMax = 8192;
/** Rows of functions whose size `explain` with `analyze` looks at, of all that are handed on at a time. */
export const analyzedRowsSampled = 64;
/** One synchronous read of an input file. */
export const readBytesMax = 1024 * 1024;
/** One sealed block. */
export const blockBytesMax = 512 * 1024 * 1024;
/** Table and keys of one counter of strings: operators drain far earlier, and offsets stay in 31 bits. */
export const stringCounterBytesMax = 1024 * 1024 * 1024;
/** Distinct keys that a map task combines before it hands on what it has and begins anew. */
export const partialEntriesMax = 1024 * 1024;
/** A map task with more groups than this share of its first rows stops making any: the reduce task has to anyhow. */
export const partialSharesMax: readonly { readonly rows: number; readonly share: number }[] = [
  { rows: 65_536, share: 0.9 },
  { rows: 262_144, share: 0.5 },
];
/** Memory of the groups of a map task before the same: less than an operator may have by itself on any usual worker. */
export const partialGroupsBytesMax = 32 * 1024 * 1024;
/** Memory of keys and values of a map task that combines them by functions, before the same. */
export const partialKeyedBytesMax = 256 * 1024 * 1024;
/** Memory of groups in one table: about twice a cache. More are divided by a hash, so that each table fits. */
export const dividedGroupsBytesMin = 4 * 1024 * 1024;
/** The same where rows meet groups that came shortly before: less than an operator may have by itself on any usual worker. */
export const nearGroupsBytesMax = 32 * 1024 * 1024;
/**
 * The same by keys with texts, of which moving one takes longer than a table outside the cache does: divided where they
 * take a quarter of the memory that a task has by itself, or so much.
 */
export const dividedTextGroupsBytesMin = 128 * 1024 * 1024;
/** Rows that are divided at once: so many for each table that finding them takes longer than loading the table does. */
export const dividedRowsHeld = 1_048_576;
/** Memory of such rows and of all that is made of them while they are divided: less where there is little. */
export const dividedHeldBytesMin = 8 * 1024 * 1024;
export const dividedHeldBytesMax = 256 * 1024 * 1024;
/** How often groups that do not fit into memory are divided anew: 64 parts each time. */
export const groupDivisionsDeepMax = 3;
/** Memory of the string counter of a map task before the same. */
export const partialTextBytesMax = 128 * 1024 * 1024;
/** Tables of texts that one thread has open: each reserves address space for 4 GiB, which no process has without end. */
export const textIndexesMax = 16;
/** The same of tables of keys of many columns, and how large one may become. */
export const keysIndexesMax = 16;
export const keysIndexBytesMax = 1024 * 1024 * 1024;
/** Keys of groups that lie within such a range are found by an array: 16 MiB, twice a cache. */
export const denseKeysMax = 4 * 1024 * 1024;
/** Pairs of few numbers are found by an array of so many places: 4 MiB, half a cache. */
export const directPairsMax = 1024 * 1024;
/** Keys of a join are found by an array of places where it needs no more of them: 256 KiB, which a cache holds. */
export const directKeysMax = 65_536;
/** By a bit for each number of a range of so many for each row, with counts beside: 16 bytes, no more than a hash table. */
export const rankedKeysPerRow = 64;
/** Bits of the keys of a join, of those that a scan asks for, for each row that is kept: 16 bytes. */
export const keyBitsPerRow = 128;
/** And always as many, since a few keys far apart leave out most rows of a scan: 2 MiB, which a cache holds. */
export const keyBitsSmall = 16 * 1024 * 1024;
/** Answers of asynchronous calls that wait for one before them: order is kept, memory is bounded. */
export const asyncRowsAheadMax = 4096;
/** Rows that a shuffle keeps as JavaScript values for one partition before it encodes them. */
export const shufflePartitionRowsHeld = 16_384;
/** The same over all partitions of a task. */
export const shuffleRowsHeldMax = 262_144;
/**
 * Bytes of columns that wait to be divided, where rows are long: with these joined, picked in a kernel, and copied out of
 * it, six times as much is there for a moment. As much as a task can always have, within these bounds.
 */
export const shuffleHeldBytesMin = 4 * 1024 * 1024;
export const shuffleHeldBytesMax = 16 * 1024 * 1024;
/** Blocks of other map tasks fetched ahead of the one that is consumed. */
export const shuffleFetchesAhead = 4;
/** Jobs a worker remembers as released: "released" and "missing" are different answers. */
export const releasedJobsMax = 10_000;
/** Files of one output task: more would make a report that a log entry cannot hold. */
export const uploadsPerTaskMax = 2000;
/** Bytes of rows held by one output task for partitions whose files are not begun. */
export const partitionHeldBytesMax = 128 * 1024 * 1024;
/** Bytes of rows that an output task may hold at least, however little memory there is: files and parts of worth. */
export const sinkHeldBytesMin = 4 * 1024 * 1024;

// --- Jobs -------------------------------------------------------------------------------------

/** Uploads that a leader completes at the same time. */
export const uploadsCompletingMax = 16;
/** Commits and sweeps that a leader has under way at the same time; the others wait their turn. */
export const intentsRunningMax = 32;
/** Pause before the leader tries a failed commit or sweep again. */
export const intentRetryMs = 500;

// --- Processes and messages -------------------------------------------------------------------

/** Restarts of a dead executor in a row without one finished task, before the worker gives up. */
export const executorRestartsMax = 5;
/** No progress of a task within the executor for this long: the closure is stuck (30 s). */
export const closureDeadlineMs = 30_000;
/** How often an executor looks at its running tasks: for progress and for stuck closures. */
export const executorWatchMs = 250;
/** Short tasks of a stage are handed to a thread together, as many as are to take so long: a message takes 0.1 ms. */
export const taskRunMsAimed = 4;
/** Tasks that a thread is handed together. */
export const tasksPerRunMax = 16;
/** Of tasks handed over together, what has not begun by then is given to other threads. */
export const taskRunMsMax = 100;
/** Leases that a thread keeps as it read them, with all that their tasks have in common. */
export const leasesKeptMax = 4;
/** Stages of which an executor remembers how long their tasks took. */
export const stagesTimedMax = 64;
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
/** Short tasks that one log line names: each takes up to 7 characters of a value. */
export const endedTasksPerLineMax = 256;
/** One text value of a log line. */
export const logFieldCharsMax = 2048;
