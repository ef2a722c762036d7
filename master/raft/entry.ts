// What the replicated log is made of, and what of it must survive a crash.

import type { MasterId } from "../../proto/ids.ts";
import type { Membership } from "./membership.ts";

/** One entry of the log. Never changed once made, so messages and saves may share it. */
export interface Entry {
  readonly index: number;
  readonly term: number;
  /**
   * A `noop` opens each leader's term; a `config` carries a membership that holds from the moment
   * it is in the log; only a `command` means something to the state machine.
   */
  readonly kind: "noop" | "command" | "config";
  readonly data: Uint8Array;
}

/** Term and vote are saved as one record: apart, a crash between them could allow a second vote. */
export interface HardState {
  readonly term: number;
  readonly votedFor: MasterId | undefined;
  /** A hint that spares waiting after a restart; it may lag, never lead. */
  readonly commit: number;
}

/** The state machine after the entry (index, term), as bytes that only the state machine reads. */
export interface Snapshot {
  readonly index: number;
  readonly term: number;
  readonly bytes: Uint8Array;
  /** The one in effect at `index`. Absent only from the first format: then that of the start. */
  readonly membership?: Membership | undefined;
}

/** What an entry counts for in bounds: its bytes, and something for the entry itself. */
export function entryBytes(entry: Entry): number {
  return entry.data.length + entryOverheadBytes;
}

const entryOverheadBytes = 64;

export const emptyHardState: HardState = { term: 0, votedFor: undefined, commit: 0 };
export const noBytes = new Uint8Array(0);
