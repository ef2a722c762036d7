// What operators ask of the leader about the masters themselves: list, add, remove, hand over.

import { asMasterId, type MasterId } from "../../proto/ids.ts";
import { memberTextCharsMax } from "../../proto/limits/raft.ts";
import { bind, type RpcBinding } from "../../proto/ports/rpc.ts";
import type { MastersReply } from "../../proto/wire/generated/engine.ts";
import { masterApi } from "../../proto/wire/methods.ts";
import type { MastersView } from "../../proto/wire/views.ts";
import type { Applicant } from "../members/admission.ts";
import { id, invalid, text } from "./fields.ts";

export interface MasterAdmin {
  /** Resolves once it learns. */
  add(applicant: Applicant): Promise<void>;
  /** Resolves once it is no member. `force`: even if those that are left may decide nothing. */
  remove(id: MasterId, force: boolean): Promise<void>;
  /** Resolves once it learns, as a master that has nothing yet. */
  renew(master: Renewal): Promise<void>;
  /** Resolves once it leads. */
  transfer(to: MasterId): Promise<void>;
  /** Rejects with NOT_LEADER on a master that does not lead. */
  list(): Promise<MastersView>;
  view(): MastersView;
}

/** A member whose log is damaged, and the key under which it begins anew. */
export interface Renewal {
  readonly clusterId: string;
  readonly id: MasterId;
  readonly key: string;
  readonly nextKey: string;
}

export function bindMasters(admin: MasterAdmin): readonly RpcBinding[] {
  return [
    bind(masterApi.list, ["client", "node"], async () => reply(await admin.list())),
    bind(masterApi.add, ["node"], async (request) => {
      const replaces = request.replaces === "" ? undefined : masterId("replaces", request.replaces);
      const address = addressOf(request.address);
      await admin.add({ id: masterId("master_id", request.masterId), address, replaces });
      return reply(admin.view());
    }),
    bind(masterApi.remove, ["node"], async ({ masterId: removed, force }) => {
      await admin.remove(masterId("master_id", removed), force);
      return reply(admin.view());
    }),
    bind(masterApi.transfer, ["node"], async ({ masterId: to }) => {
      await admin.transfer(masterId("master_id", to));
      return reply(admin.view());
    }),
    bind(masterApi.renew, ["node"], async (request) => {
      const clusterId = text("cluster_id", request.clusterId, memberTextCharsMax);
      const key = text("key", request.key, memberTextCharsMax);
      const nextKey = id("next_key", request.nextKey);
      await admin.renew({ clusterId, id: masterId("master_id", request.masterId), key, nextKey });
      return reply(admin.view());
    }),
  ];
}

function masterId(field: string, value: string): MasterId {
  return asMasterId(id(field, value));
}

/** As others can reach it: a port of 0 is one that was still to be picked. */
function addressOf(value: string): string {
  const address = text("address", value, memberTextCharsMax);
  const port = Number(/^[^\s/@]+:(\d{1,5})$/.exec(address)?.[1] ?? 0);
  if (port < 1 || port > 65_535) invalid("address", `must be HOST:PORT; got ${address}`);
  return address;
}

function reply(view: MastersView): MastersReply {
  const addresses = view.masters.map(({ address }) => address);
  return {
    mastersJson: JSON.stringify(view),
    addresses: addresses.filter((address) => !/(^|:0)$/.test(address)),
  };
}
