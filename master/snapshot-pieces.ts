// Puts a snapshot together in slices, so that no heartbeat waits for it.

import { snapshotSliceBytes, snapshotSliceMs } from "../proto/limits/raft.ts";
import { type Clock, sleep } from "../proto/ports/clock.ts";

/** Makes its bytes when called: a few milliseconds of work. */
export type SnapshotPiece = () => Uint8Array;

/** Lets others run whenever a slice of time has been used up. */
function createPauses(clock: Clock): () => Promise<void> | undefined {
  let startedMs = clock.nowMs();
  return () => {
    if (clock.nowMs() - startedMs < snapshotSliceMs) return undefined;
    return sleep(clock, 0).then(() => {
      startedMs = clock.nowMs();
    });
  };
}

export async function joinPieces(
  pieces: readonly SnapshotPiece[],
  clock: Clock,
): Promise<Uint8Array> {
  const pauseIfLong = createPauses(clock);
  const parts: Uint8Array[] = [];
  for (const make of pieces) {
    parts.push(make());
    await pauseIfLong();
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    // Large ones were made at once, but need not be copied at once.
    for (let from = 0; from < part.length; from += snapshotSliceBytes) {
      const some = part.subarray(from, from + snapshotSliceBytes);
      bytes.set(some, at);
      at += some.length;
      await pauseIfLong();
    }
  }
  return bytes;
}
