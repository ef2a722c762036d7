// The data plane: sealed shuffle blocks between workers, outside gRPC.

/** Names sealed partitions of one map task that lie side by side. Opaque to the peer: never a path. */
export interface BlockId {
  readonly jobId: string;
  readonly actionIndex: number;
  readonly stageId: number;
  readonly taskIndex: number;
  readonly token: number;
  /** The first of them. */
  readonly partition: number;
  readonly partitions: number;
  /** A piece of what lies there: from a byte on, and not more bytes than these. Fewer come at the end. */
  readonly fromByte: number;
  readonly bytesMax: number;
}

/** For messages. */
export function partitionsText({ partition, partitions }: BlockId): string {
  if (partitions === 1) return `partition ${partition}`;
  return `partitions ${partition} to ${partition + partitions - 1}`;
}

/** "Missing", "released" and "empty" are three different answers. */
export type BlockAnswer =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "missing" }
  | { readonly kind: "released" };

/** Serves this worker's own blocks to peers. */
export type BlockProvider = (block: BlockId) => Promise<BlockAnswer>;

/** Fetches from a peer. Rejects with UNAVAILABLE when it cannot be reached, BLOCK_CORRUPT when bytes are bad. */
export interface BlockClient {
  fetch(address: string, block: BlockId): Promise<BlockAnswer>;
  close(): void;
}

export interface BlockServer {
  readonly address: string;
  close(): Promise<void>;
}
