// Bounds of the memory of executors, and of what they spill to disk.

/** Memory of an executor process as a share of its machine or container; the rest is for files and neighbours. */
export const executorMemoryShare = 0.6;
/** What an executor process takes without any rows: the program, its libraries, compiled code, and one driver program. */
export const executorBaseBytes = 96 * 1024 * 1024;
/** What each thread takes beside rows that are held: batches, kernels that wait, and garbage. */
export const executorThreadBytes = 128 * 1024 * 1024;
/** Of it, what values and buffers may come to before garbage is collected; the rest is code, stacks and gaps. */
export const executorThreadUsedBytes = 96 * 1024 * 1024;
/** Garbage is collected again once so much has come since, or a share of what was left: each time costs the latter. */
export const garbageBytesMin = 16 * 1024 * 1024;
export const garbageShare = 0.25;
/** New buffers after which young garbage is collected, between two batches: V8 does so at 32 MiB, in the middle of one. */
export const youngGarbageBytes = 8 * 1024 * 1024;
/**
 * Values and new buffers of a thread, MiB, below which V8 does not look for old garbage because its heap grew: the heap
 * of the engine's own code, and the 64 MiB of new buffers at which it does so anyway.
 */
export const threadOldMiB = 128;
/**
 * Executors that may use less than this have each new buffer of so many bytes straight from the system, and give it back
 * there, since free memory between buffers in use comes to some 150 MiB for each thread else.
 */
export const tightMemoryBytes = 2 * 1024 * 1024 * 1024;
export const tightMappedBytesMin = 128 * 1024;
/** Rows that steps of each thread can hold, if nothing else: blocks of a sort's merge, tables of groups. */
export const executorRowsBytesMin = 16 * 1024 * 1024;
/** A block of a spill file: large enough that a disk reads it at full speed, small enough that many fit a budget. */
export const spillBlockBytesMin = 32 * 1024;
export const spillBlockBytesMax = 1024 * 1024;
/** Bytes of rows that become one batch, however large the budget is: offsets of texts are 32-bit numbers. */
export const heldBytesMax = 1536 * 1024 * 1024;
/** Partitions into which rows are divided that do not fit; each as often again as the next bound says. */
export const spillPartitions = 32;
/** Of the heap of a thread, what steps may keep for keys of functions: the rest is for the functions themselves. */
export const keyedHeapShare = 0.5;
/** Bytes that keyed steps take in before they look again whether there is room: small arrays come one by one. */
export const keyedUnsettledBytesMax = 1024 * 1024;
/** Times that a partition is divided further, by another hash: 32^4 parts; beyond it, its rows have one key. */
export const spillDivisionsDeepMax = 3;
/** Bytes of one batch that a sort hands on, where its rows are long: copies of it stay in a cache, or in memory at hand. */
export const sortPieceBytes = 4 * 1024 * 1024;
/** Spill files that one task has open at a time: an operator has one or two. */
export const spillFilesPerTaskMax = 64;
/** Bytes in all spill files of one task: more than one disk at hand holds. */
export const spillBytesPerTaskMax = 2 * 1024 * 1024 * 1024 * 1024;
/** Heap of one executor thread, MiB, unless the operator of the cluster says otherwise: where the memory is small, less. */
export const executorThreadHeapMiB = 2048;
export const executorThreadHeapMiBMin = 256;
/** Heap of young values of one thread, MiB: V8 takes the most by itself; a share of a thread's part of small memories. */
export const executorYoungMiBMin = 12;
export const executorYoungMiBMax = 48;
export const executorYoungShare = 16;
/**
 * Memory of WebAssembly kernels that each thread keeps between two steps: a share of that of all operators, within bounds.
 * The least is a quarter of what a thread has beside rows.
 */
export const keptKernelsShare = 32;
export const keptKernelsBytesMin = 32 * 1024 * 1024;
export const keptKernelsBytesMax = 256 * 1024 * 1024;
/** Pages and dictionaries of a row group that lie in the kernel which reads codes: one so large may still be kept. */
export const heldCodesBytesMax = 12 * 1024 * 1024;
/**
 * Memory that a thread keeps of tables it has given up, for the next ones: those of a task, and what they grew from; a share
 * of that of all operators, up to a bound.
 */
export const tableRoomsShare = 16;
export const tableRoomsBytesMax = 32 * 1024 * 1024;
/** Smaller arrays are new each time: they cost less than to look for one. */
export const roomBytesMin = 32 * 1024;
/** Memory that a thread keeps of the pieces that it sorted last, for those of the next task: a share of that of all operators. */
export const pieceRoomsShare = 32;
export const pieceRoomsBytesMax = 96 * 1024 * 1024;
