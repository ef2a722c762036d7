// What the masters are for sure: a membership that may be taken back says nothing yet.

import { EngineError } from "../../proto/errors.ts";
import { lastMembership } from "../raft/log.ts";
import type { Membership } from "../raft/membership.ts";
import type { Raft } from "../raft/state.ts";
import type { Replica } from "../replica.ts";

interface Leading {
  readonly raft: Raft;
  readonly replica: Pick<Replica<unknown>, "notLeader">;
}

/** Throws NOT_LEADER, and UNAVAILABLE while a change is not committed. */
export function committedMembership({ raft, replica }: Leading): Membership {
  if (raft.role.kind !== "leader") throw replica.notLeader();
  const { index, membership } = lastMembership(raft.log);
  if (index <= raft.log.commitIndex) return membership;
  throw new EngineError("UNAVAILABLE", `${raft.id} has another change under way; try again`);
}
