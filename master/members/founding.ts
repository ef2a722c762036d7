// A founder with an empty log asks the others whether it is the one they know before it takes part in anything:
// emptied founders that heard each other first would lead for as long as it takes to hear of it.

import { EngineError } from "../../proto/errors.ts";
import type { ClusterId, MasterId } from "../../proto/ids.ts";
import { foundingAskMs } from "../../proto/limits/raft.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import { encodePeerMessage } from "../peers/codec.ts";
import { lastIndexOf } from "../raft/log.ts";
import type { Raft } from "../raft/state.ts";
import { type Identified, isFounderKey } from "./founders.ts";

export interface FoundingPorts {
  readonly clusterId: ClusterId;
  readonly self: Identified;
  /** The founders with their addresses. */
  readonly founders: ReadonlyMap<MasterId, string>;
  readonly rpc: RpcClient;
}

export function isFounding(raft: Raft, { self, founders }: FoundingPorts): boolean {
  const { key } = self;
  return founders.size > 1 && key !== "" && isFounderKey(key) && lastIndexOf(raft.log) === 0;
}

/**
 * Asks each for a vote in pretence, as in any election, and leaves the answers alone. Resolves with the refusal
 * of whoever knows another folder for it; those that do not answer may not have been started yet.
 */
export async function askFounders(ports: FoundingPorts): Promise<EngineError | undefined> {
  const { clusterId, self, founders, rpc } = ports;
  const { id: from, key: fromKey } = self;
  const fromAddress = founders.get(from) ?? "";
  const ask = async ([to, address]: readonly [MasterId, string]): Promise<unknown> => {
    const place = { lastIndex: 0, lastTerm: 0 };
    const messages = [encodePeerMessage({ kind: "preVote", from, to, term: 1, ...place })];
    const request = { clusterId, from, fromAddress, fromKey, to, messages };
    return await rpc.call(address, peerApi.step, request, { timeoutMs: foundingAskMs });
  };
  const others = [...founders].filter(([id]) => id !== from);
  const answers = await Promise.allSettled(others.map(ask));
  return answers
    .flatMap((answer) => (answer.status === "rejected" ? [answer.reason] : []))
    .find((thrown) => thrown instanceof EngineError && thrown.code === "MASTER_REMOVED");
}
