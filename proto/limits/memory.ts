// Bounds of the memory of executors, and of what they spill to disk.

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
/** Of the heap of a thread, what steps may keep for keys of functions: the rest is for the functions themselves. */
export const keyedHeapShare = 0.5;
/** Times that a partition is divided further, by another hash: 32^4 parts; beyond it, its rows have one key. */
export const spillDivisionsDeepMax = 3;
/** Bytes of one batch that a sort hands on, where its rows are long: copies of it stay in a cache, or in memory at hand. */
export const sortPieceBytes = 4 * 1024 * 1024;
/** Spill files that one task has open at a time: an operator has one or two. */
export const spillFilesPerTaskMax = 64;
/** Bytes in all spill files of one task: more than one disk at hand holds. */
export const spillBytesPerTaskMax = 2 * 1024 * 1024 * 1024 * 1024;
/** Heap of one executor thread, MiB, unless the operator of the cluster says otherwise. */
export const executorThreadHeapMiB = 2048;
/** Memory for texts, and for sorts, that each thread keeps between two steps: a share of that of all operators. */
export const kernelShare = 64;
export const kernelBytesKeptMin = 32 * 1024 * 1024;
export const kernelBytesKeptMax = 128 * 1024 * 1024;
