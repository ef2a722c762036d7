// The scheduler as Raft sees it: commands and snapshots are bytes, checked before they are in the log.

import { EngineError } from "../proto/errors.ts";
import { decodeCommand } from "./api/command-codec.ts";
import type { SnapshotCheck } from "./raft/snapshot-assembly.ts";
import type { StateMachine } from "./replica.ts";
import { apply } from "./scheduler/apply.ts";
import type { Command, CommandReply } from "./scheduler/commands.ts";
import type { LeaseBug } from "./scheduler/planted-bugs.ts";
import { snapshotPieces } from "./scheduler/snapshot.ts";
import { createSnapshotDecoder } from "./scheduler/snapshot-decoder.ts";
import { type ClusterState, emptyState } from "./scheduler/state.ts";
import { createLineReader } from "./snapshot-lines.ts";

/** Looks on, and changes nothing. */
export interface MasterWatch {
  /** The state machine after the entry of this index, or as restored from a snapshot of it. */
  applied(index: number, state: ClusterState): void;
}

export interface Machine extends StateMachine<CommandReply> {
  readonly state: ClusterState;
  /** Throws for bytes of a peer that could not be applied. */
  checkCommand(bytes: Uint8Array): void;
  /** For a snapshot of a peer, while it arrives; throws for bytes that could not be restored. */
  openSnapshotCheck(): SnapshotCheck;
}

/** `plantedBug`: for tests only. */
export function createMachine(watch?: MasterWatch, plantedBug?: LeaseBug): Machine {
  let state = emptyState(plantedBug);
  // What was decoded to be checked is what will be applied or restored.
  const commands = new WeakMap<Uint8Array, Command>();
  let checked: { readonly bytes: Uint8Array; readonly state: ClusterState } | undefined;
  return {
    get state() {
      return state;
    },
    checkCommand: (bytes) => {
      commands.set(bytes, decodeCommand(bytes));
    },
    openSnapshotCheck: () => {
      const reader = readSnapshot(plantedBug);
      return {
        take: (piece) => asPeers(() => reader.take(piece)),
        finish: ({ index, bytes }) =>
          asPeers(() => {
            const read = reader.finish();
            if (read.appliedIndex > index) throw new Error("it is of a later index");
            checked = { bytes, state: read };
          }),
      };
    },
    apply: (index, bytes) => {
      const command = commands.get(bytes) ?? decodeCommand(bytes);
      commands.delete(bytes);
      const reply = apply(state, index, command);
      watch?.applied(index, state);
      return reply;
    },
    restore: (bytes) => {
      state = checked?.bytes === bytes ? checked.state : readWhole(bytes, plantedBug);
      checked = undefined;
      watch?.applied(state.appliedIndex, state);
    },
    snapshot: () => {
      const encoder = new TextEncoder();
      return snapshotPieces(state).map((make) => () => encoder.encode(make()));
    },
  };
}

interface SnapshotReader {
  take(piece: Uint8Array): void;
  finish(): ClusterState;
}

function readSnapshot(plantedBug: LeaseBug | undefined): SnapshotReader {
  const decoder = createSnapshotDecoder(plantedBug);
  const lines = createLineReader(decoder.take);
  return {
    take: lines.take,
    finish: () => {
      if (lines.isAtLineEnd()) return decoder.finish();
      throw new EngineError("LOG_CORRUPT", "a scheduler snapshot ends within a line");
    },
  };
}

function readWhole(bytes: Uint8Array, plantedBug: LeaseBug | undefined): ClusterState {
  const reader = readSnapshot(plantedBug);
  reader.take(bytes);
  return reader.finish();
}

/** What is wrong with a peer's snapshot is the peer's to hear. */
function asPeers(run: () => void): void {
  try {
    run();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new EngineError("MESSAGE_INVALID", `a snapshot of a peer is no state: ${why}`, {}, cause);
  }
}
