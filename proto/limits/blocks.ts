// Bounds of the data plane: blocks that workers send to each other.

/** Payload of one frame of a block: small enough to share an event loop, large enough to be cheap. */
export const blockFrameBytesMax = 256 * 1024;
/** Frames without payload: hellos, requests, answers, errors. */
export const blockControlBytesMax = 8 * 1024;
/** A sealed block of about so much is followed by another of the same partition, each with its own dictionaries. */
export const blockBytesAimed = 2 * 1024 * 1024;
/** What a reader asks for at a time of what one map has for it: some whole blocks, or one that is larger. */
export const blockPieceBytes = 8 * 1024 * 1024;
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
/** Indexes of shuffle files that a reader keeps, some hundred maps of thousands of partitions. */
export const keptIndexBytesMax = 8 * 1024 * 1024;
/** The index of so few partitions is read with the end of its file anyway, and not kept. */
export const keptIndexPartitionsMin = 16;
/** A map output of at most so much is kept in a file with others: making a file takes as long as writing some hundred KB. */
export const packedOutputBytesMax = 64 * 1024;
/** Read at a time of outputs that lie together: readers want most of them in order. */
export const packedReadBytes = 16 * 1024;
/** Jobs of which a reader remembers where each of the outputs lies that share files. */
export const packedJobsKeptMax = 8;
/** Then outputs go to another file: one that its writer holds open takes its space until then, though it was deleted. */
export const packBytesMax = 32 * 1024 * 1024;
