// A master with an empty data folder asks the masters of a cluster which cluster it is.

import { EngineError, toEngineError } from "../../proto/errors.ts";
import { asClusterId, type ClusterId } from "../../proto/ids.ts";
import { identifyTimeoutMs } from "../../proto/limits/raft.ts";
import { leaderSearchMsMax } from "../../proto/limits/rpc.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import { peerApi } from "../../proto/wire/methods.ts";

/** Between two rounds: it waits for an operator, who starts the others at about the same time. */
const askPauseMs = 500;

/** Rejects with UNAVAILABLE when none answers in time, or at once with what asking again cannot mend. */
export async function findCluster(
  rpc: RpcClient,
  clock: Clock,
  addresses: readonly string[],
): Promise<ClusterId> {
  const startMs = clock.nowMs();
  let last = "";
  while (clock.nowMs() - startMs < leaderSearchMsMax) {
    for (const address of addresses) {
      try {
        const timeoutMs = identifyTimeoutMs;
        const { clusterId } = await rpc.call(address, peerApi.identify, {}, { timeoutMs });
        return asClusterId(clusterId);
      } catch (thrown) {
        const error = toEngineError(thrown);
        if (!error.retriable) throw error;
        last = error.message;
      }
    }
    await new Promise<void>((resolve) => clock.after(askPauseMs, resolve));
  }
  throw new EngineError(
    "UNAVAILABLE",
    `none of the masters at ${addresses.join(", ")} answered within ${leaderSearchMsMax} ms: ${last}; ` +
      "check --join",
  );
}
