// Before a master is added: does it answer at its address, as itself, with a data folder of its own?

import { EngineError, toEngineError } from "../../proto/errors.ts";
import type { ClusterId, MasterId } from "../../proto/ids.ts";
import { identifyTimeoutMs } from "../../proto/limits/raft.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import type { IdentifyReply } from "../../proto/wire/generated/engine.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import {
  allMembers,
  type MemberRecord,
  type Membership,
  type MembershipChange,
} from "../raft/membership.ts";
import { isFounderKey } from "./founders.ts";

export interface Applicant {
  readonly id: MasterId;
  readonly address: string;
  /** The voter that leaves when this one is promoted. */
  readonly replaces: MasterId | undefined;
}

/** The change that lets it in as a learner, or nothing where it is in. Throws for what must not be. */
export async function admit(
  clusterId: ClusterId,
  membership: Membership,
  applicant: Applicant,
  rpc: RpcClient,
): Promise<MembershipChange | undefined> {
  const { id, address, replaces } = applicant;
  if (isIn(membership, applicant)) return undefined;
  if (replaces !== undefined && !allMembers(membership).includes(replaces)) {
    throw usage(`${replaces} is no master of this cluster, so ${id} cannot replace it`);
  }
  for (const [other, record] of membership.members ?? []) {
    if (record.address !== address || other === replaces) continue;
    throw usage(`${other} has the address ${address} already; remove it first, or replace it`);
  }
  const key = checkAnswer(clusterId, applicant, await identify(rpc, address));
  const record: MemberRecord = { address, key, replaces: replaces ?? "" };
  return { kind: "addLearner", id, record };
}

/** Asked again after it was done or begun, for the same thing: nothing is left to do. */
function isIn(membership: Membership, { id, address, replaces }: Applicant): boolean {
  const isVoter = membership.voters.includes(id);
  if (!isVoter && !membership.learners.includes(id)) return false;
  const record = membership.members?.get(id);
  const isSamePlace = record?.address === address;
  const isSamePlan = isVoter
    ? replaces === undefined || !allMembers(membership).includes(replaces)
    : record?.replaces === (replaces ?? "");
  if (isSamePlace && isSamePlan) return true;
  const plan = isVoter || record?.replaces === "" ? "" : ` to replace ${record?.replaces}`;
  throw usage(
    `${id} is a master of this cluster already, at ${record?.address ?? "an unknown address"}` +
      `${plan}; remove it first, then add it again`,
  );
}

async function identify(rpc: RpcClient, address: string): Promise<IdentifyReply> {
  try {
    return await rpc.call(address, peerApi.identify, {}, { timeoutMs: identifyTimeoutMs });
  } catch (thrown) {
    const error = toEngineError(thrown);
    // Whoever passes the request on would look for another leader, where this one said it all.
    const code = error.retriable ? "MASTER_MISMATCH" : error.code;
    throw new EngineError(
      code,
      `no master answers at ${address} (${error.message}); start it there with --join and an empty ` +
        "data folder, then add it",
      {},
      thrown,
    );
  }
}

/** Its key, once it is clear that it is meant. */
function checkAnswer(clusterId: ClusterId, { id, address }: Applicant, answer: IdentifyReply) {
  const mismatch = (what: string, advice: string): EngineError =>
    new EngineError("MASTER_MISMATCH", `${what} at ${address}, not ${id}; ${advice}`);
  if (answer.clusterId !== clusterId) {
    const found = `master ${answer.masterId} of cluster ${answer.clusterId} answers`;
    throw mismatch(found, `this cluster is ${clusterId}: start ${id} with --join of its masters`);
  }
  if (answer.masterId !== id) {
    throw mismatch(`master ${answer.masterId} answers`, "check id and address");
  }
  if (isFounderKey(answer.key) || answer.lastIndex > 0) {
    const found = `a master with the data of an earlier member answers`;
    throw mismatch(found, "empty its data folder and start it with --join");
  }
  return answer.key;
}

function usage(text: string): EngineError {
  return new EngineError("USAGE", text);
}
