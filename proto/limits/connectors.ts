// Bounds of sources and sinks that jobs bring along.

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
