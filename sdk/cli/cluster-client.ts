// The calls that commands make of a cluster, over the parts of the client.

import type { MastersReply } from "../../proto/wire/generated/engine.ts";
import { clientApi, masterApi } from "../../proto/wire/methods.ts";
import type { ClusterView, MastersView } from "../../proto/wire/views.ts";
import { jobView, jobViews } from "../client/follow-job.ts";
import { keepLock } from "../client/held-lock.ts";
import { claimLock, listLocks, releaseLock } from "../client/lock-claim.ts";
import { runAttached, submitDetached } from "../client/submit-job.ts";
import type { ClientWorld } from "../client/world.ts";
import type { ClusterClient } from "./ports.ts";

/** As many as `millrace status` shows. */
const jobsShownMax = 100;

export function createClusterClient(
  world: ClientWorld,
  workingFolder: string,
  holder: string,
  close: () => void,
): ClusterClient {
  const { leader } = world;
  return {
    runAttached: (job, paramsJson, hooks) =>
      runAttached(world, { job, paramsJson, workingFolder }, hooks),
    submitDetached: (job, paramsJson) => submitDetached(world, { job, paramsJson, workingFolder }),
    cancel: async (jobId, reason) =>
      (await leader.call(clientApi.cancelJob, { jobId, reason })).state,
    job: (jobId) => jobView(leader, jobId),
    jobs: () => jobViews(leader, jobsShownMax),
    cluster: async () => {
      const { statusJson } = await leader.call(clientApi.clusterStatus, {});
      return JSON.parse(statusJson) as ClusterView;
    },
    masters: {
      list: async () => mastersOf(await leader.call(masterApi.list, {})),
      add: async (request) => mastersOf(await leader.call(masterApi.add, request)),
      remove: async (request) => mastersOf(await leader.call(masterApi.remove, request)),
      transfer: async (request) => mastersOf(await leader.call(masterApi.transfer, request)),
    },
    locks: {
      claim: (name, options) => claimLock(world, name, { holder, ...options }),
      hold: async (name, options) =>
        keepLock(world, await claimLock(world, name, { holder, ...options })),
      release: (name, token) => releaseLock(world, { name, owner: "", token }),
      list: (prefix) => listLocks(world, prefix),
    },
    close,
  };
}

function mastersOf({ mastersJson }: MastersReply): MastersView {
  return JSON.parse(mastersJson) as MastersView;
}
