// The settings of one Raft core. Production uses the limits; tests shrink them.

import {
  peerSnapshotBytesMax,
  raftAppendBytesMax,
  raftAppendEntriesMax,
  raftElectionTicksMax,
  raftElectionTicksMin,
  raftEntriesKeptAfterSnapshot,
  raftEntryBytesMax,
  raftHeartbeatTicks,
  raftInflightMessagesMax,
  raftProbeBytesMax,
  raftReadsWaitingMax,
  raftSavesInflightMax,
  raftSaveTicksMax,
  raftSnapshotChunkBytesMax,
  raftSnapshotEveryBytes,
  raftSnapshotRetryTicks,
  raftUncommittedBytesMax,
} from "../../proto/limits/raft.ts";
import type { PlantedBug } from "./planted-bugs.ts";

export interface RaftConfig {
  readonly heartbeatTicks: number;
  readonly electionTicksMin: number;
  readonly electionTicksMax: number;
  readonly appendEntriesMax: number;
  readonly appendBytesMax: number;
  readonly probeBytesMax: number;
  readonly inflightMessagesMax: number;
  readonly uncommittedBytesMax: number;
  readonly entryBytesMax: number;
  readonly entriesKeptAfterSnapshot: number;
  readonly bytesKeptAfterSnapshot: number;
  readonly snapshotRetryTicks: number;
  readonly readsWaitingMax: number;
  readonly savesInflightMax: number;
  readonly saveTicksMax: number;
  readonly snapshotChunkBytesMax: number;
  readonly snapshotBytesMax: number;
  /**
   * Whether an append leaves only to tell a follower of a commit. If not, the next append or
   * heartbeat tells it: only the leader answers readers, and has one message less to send each time.
   */
  readonly tellsCommitsAtOnce: boolean;
  /** Only ever set by tests. */
  readonly plantedBug?: PlantedBug | undefined;
}

export const defaultRaftConfig: RaftConfig = {
  heartbeatTicks: raftHeartbeatTicks,
  electionTicksMin: raftElectionTicksMin,
  electionTicksMax: raftElectionTicksMax,
  appendEntriesMax: raftAppendEntriesMax,
  appendBytesMax: raftAppendBytesMax,
  probeBytesMax: raftProbeBytesMax,
  inflightMessagesMax: raftInflightMessagesMax,
  uncommittedBytesMax: raftUncommittedBytesMax,
  entryBytesMax: raftEntryBytesMax,
  entriesKeptAfterSnapshot: raftEntriesKeptAfterSnapshot,
  bytesKeptAfterSnapshot: raftSnapshotEveryBytes,
  snapshotRetryTicks: raftSnapshotRetryTicks,
  readsWaitingMax: raftReadsWaitingMax,
  savesInflightMax: raftSavesInflightMax,
  saveTicksMax: raftSaveTicksMax,
  snapshotChunkBytesMax: raftSnapshotChunkBytesMax,
  snapshotBytesMax: peerSnapshotBytesMax,
  tellsCommitsAtOnce: false,
};
