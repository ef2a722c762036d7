// What the request handlers need of the master they run in.

import type { ClusterId } from "../../proto/ids.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { ClusterView } from "../../proto/wire/views.ts";
import type { Command, CommandReply } from "../scheduler/commands.ts";
import type { ClusterState } from "../scheduler/state.ts";

export interface ApiCore {
  readonly clusterId: ClusterId;
  readonly clock: Clock;
  /** Resolves once applied here. Rejects with NOT_LEADER (with a hint) or UNAVAILABLE. */
  propose(command: Command): Promise<CommandReply>;
  /** A state at least as new as the moment of the call. Rejects with NOT_LEADER. */
  readState(): Promise<ClusterState>;
  /** The applied state, for the leader's own policy. Throws NOT_LEADER. */
  leaderState(): ClusterState;
  /** Resolves after the next applied entry, or after the time. */
  waitForChange(timeoutMs: number): Promise<void>;
  /** Whether a committed output stands in the folder. */
  outputCommitted(folderUri: string): Promise<boolean>;
  /** SHA-256 in lower-case hexadecimal digits. */
  sha256Hex(bytes: Uint8Array): string;
  masters(): Pick<ClusterView, "leader" | "term" | "masters">;
}
