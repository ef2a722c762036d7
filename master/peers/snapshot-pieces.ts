// Large snapshots travel in pieces: cut by the sender, put together before the core sees them.

import { EngineError } from "../../proto/errors.ts";
import { peerSnapshotBytesMax, peerSnapshotPieceBytes } from "../../proto/limits.ts";
import type { InstallSnapshot, Message } from "../raft/messages.ts";

/** The message itself, or the pieces of a snapshot that is too large for one. */
export function snapshotPieces(
  message: Message,
  pieceBytes = peerSnapshotPieceBytes,
): readonly Message[] {
  if (message.kind !== "installSnapshot" || message.bytes.length <= pieceBytes) return [message];
  const { bytes } = message;
  const pieces: Message[] = [];
  for (let offset = 0; offset < bytes.length; offset += pieceBytes) {
    const end = Math.min(offset + pieceBytes, bytes.length);
    pieces.push({
      ...message,
      offset,
      done: end === bytes.length,
      bytes: bytes.subarray(offset, end),
    });
  }
  return pieces;
}

export interface Assembly {
  /**
   * The message to hand on: any that is whole, a snapshot with its last piece. A piece that does not
   * follow the one before it is dropped, with what came before: Raft sends the whole again.
   */
  take(message: Message): Message | undefined;
}

function isNext(first: InstallSnapshot, bytes: number, piece: InstallSnapshot): boolean {
  return (
    piece.from === first.from &&
    piece.term === first.term &&
    piece.snapshotIndex === first.snapshotIndex &&
    piece.snapshotTerm === first.snapshotTerm &&
    piece.offset === bytes
  );
}

function joined(pieces: readonly InstallSnapshot[], bytes: number): Uint8Array {
  const all = new Uint8Array(bytes);
  for (const { offset, bytes: part } of pieces) all.set(part, offset);
  return all;
}

/** One snapshot at a time: only the leader sends any, and a newer one makes the older pointless. */
export function createAssembly(bytesMax = peerSnapshotBytesMax): Assembly {
  let pieces: InstallSnapshot[] = [];
  let bytes = 0;

  function drop(): void {
    pieces = [];
    bytes = 0;
  }

  function add(piece: InstallSnapshot): Message | undefined {
    if (piece.offset === 0) drop();
    const first = pieces[0] ?? piece;
    if (!isNext(first, bytes, piece)) {
      drop();
      return undefined;
    }
    if (bytes + piece.bytes.length > bytesMax) {
      drop();
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `the snapshot ${piece.snapshotIndex} of ${piece.from} has more than ${bytesMax} bytes; ` +
          "use fewer and smaller job bundles at the same time",
        { limitBytes: bytesMax },
      );
    }
    pieces.push(piece);
    bytes += piece.bytes.length;
    if (!piece.done) return undefined;
    const whole = { ...first, offset: 0, done: true, bytes: joined(pieces, bytes) };
    drop();
    return whole;
  }

  return {
    take: (message) => (message.kind === "installSnapshot" ? add(message) : message),
  };
}
