// A snapshot on its way in: pieces in order, of one snapshot of one leader, within a bound.

import { EngineError } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import type { Snapshot } from "./entry.ts";
import type { InstallSnapshot } from "./messages.ts";

/** Looks at a snapshot while it arrives, so that there is no moment at which all of it has to be read. Both throw. */
export interface SnapshotCheck {
  /** The pieces in their order. */
  take(piece: Uint8Array): void;
  /** The whole, before it replaces what is here. */
  finish(snapshot: Snapshot): void;
}

export interface SnapshotAssembly {
  readonly from: MasterId;
  readonly term: number;
  readonly snapshotIndex: number;
  readonly snapshotTerm: number;
  readonly check: SnapshotCheck;
  readonly pieces: Uint8Array[];
  bytes: number;
}

/**
 * The assembly that a piece belongs to: what is here so far, or a new one. Another leader may have
 * other bytes for the same state, so only pieces of one leader in one term go together.
 */
export function assemblyFor(
  current: SnapshotAssembly | undefined,
  piece: InstallSnapshot,
  openCheck: () => SnapshotCheck,
  mixes: boolean,
): SnapshotAssembly {
  const { from, term, snapshotIndex, snapshotTerm } = piece;
  const isSame =
    current?.from === from &&
    current.term === term &&
    current.snapshotIndex === snapshotIndex &&
    current.snapshotTerm === snapshotTerm;
  if (current !== undefined && (isSame || mixes)) return current;
  const check = openCheck();
  return { from, term, snapshotIndex, snapshotTerm, check, pieces: [], bytes: 0 };
}

/**
 * Adds the piece if it is the next one; a repeated one, or one after a gap, changes nothing. The
 * whole once it is there.
 */
export function addPiece(
  assembly: SnapshotAssembly,
  piece: InstallSnapshot,
  bytesMax: number,
): Snapshot | undefined {
  if (piece.offset !== assembly.bytes) return undefined;
  if (assembly.bytes + piece.bytes.length > bytesMax) {
    throw new EngineError(
      "LIMIT_EXCEEDED",
      `the snapshot ${piece.snapshotIndex} of ${piece.from} has more than ${bytesMax} bytes; ` +
        "use fewer and smaller job bundles at the same time",
      { limitBytes: bytesMax },
    );
  }
  assembly.check.take(piece.bytes);
  assembly.pieces.push(piece.bytes);
  assembly.bytes += piece.bytes.length;
  if (!piece.done) return undefined;
  const { snapshotIndex: index, snapshotTerm: term, membership } = piece;
  const snapshot = { index, term, membership, bytes: joined(assembly) };
  assembly.check.finish(snapshot);
  return snapshot;
}

function joined(assembly: SnapshotAssembly): Uint8Array {
  const all = new Uint8Array(assembly.bytes);
  let at = 0;
  for (const piece of assembly.pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
