// Bounds of calls between processes: messages, waits, connections, tokens.

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
/** A worker that no master takes in for so long ends: whoever watches over it should hear that something is wrong. */
export const registrationMsMax = 3_600_000;
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
