// Replies of the scheduler as the handlers need them: the kind that was asked for, or the refusal
// thrown.

import { assert, type EngineError, fromErrorRecord } from "../../proto/errors.ts";
import type { Command, CommandReply } from "../scheduler/commands.ts";
import type { ApiCore } from "./core.ts";

/** Proposes and answers the reply of this kind. Throws what the scheduler refused with. */
export async function ask<Kind extends CommandReply["kind"]>(
  core: ApiCore,
  command: Command,
  kind: Kind,
): Promise<Extract<CommandReply, { kind: Kind }>> {
  const reply = await core.propose(command);
  if (reply.kind !== kind) throw refusalOf(command, reply);
  return reply as Extract<CommandReply, { kind: Kind }>;
}

/** The error that a reply of another kind than any expected one must be. */
export function refusalOf(command: Command, reply: CommandReply): EngineError {
  assert(reply.kind === "error", `${command.kind} was answered with ${reply.kind}`);
  return fromErrorRecord(reply.error);
}
