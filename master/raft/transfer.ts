// Handing leadership over: wait until the successor has the whole log, then tell it to campaign.

import { lastIndexOf } from "./log.ts";
import { type LeaderRole, type Raft, send } from "./state.ts";

/** Tells the successor to campaign, once, when it has caught up. */
export function stepTransfer(raft: Raft, role: LeaderRole): void {
  const transfer = role.transfer;
  if (transfer === undefined || transfer.sent) return;
  if (role.progress.get(transfer.to)?.match !== lastIndexOf(raft.log)) return;
  transfer.sent = true;
  send(raft, { kind: "timeoutNow", from: raft.id, to: transfer.to, term: raft.term });
}

/** Gives a transfer up that did not end within an election timeout, so that proposals go on. */
export function tickTransfer(raft: Raft, role: LeaderRole): void {
  if (role.transfer === undefined) return;
  role.transfer.elapsedTicks++;
  if (role.transfer.elapsedTicks >= raft.config.electionTicksMin) role.transfer = undefined;
}
