// Replies of the scheduler as the handlers need them: the kind that was asked for, or the refusal
// thrown.

import { assert, fromErrorRecord } from "../../proto/errors.ts";
import type { Command, CommandReply } from "../scheduler/commands.ts";
import type { ApiCore } from "./core.ts";

/** Proposes and answers the reply of this kind. Throws what the scheduler refused with. */
export async function ask<Kind extends CommandReply["kind"]>(
  core: ApiCore,
  command: Command,
  kind: Kind,
): Promise<Extract<CommandReply, { kind: Kind }>> {
  const reply = await core.propose(command);
  if (reply.kind === "error") throw fromErrorRecord(reply.error);
  assert(reply.kind === kind, `${command.kind} was answered with ${reply.kind}, not ${kind}`);
  return reply as Extract<CommandReply, { kind: Kind }>;
}
