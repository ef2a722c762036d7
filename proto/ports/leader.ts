// Whoever leads the masters at the moment, as one peer: redirects and failovers are the adapter's work.

import type { RpcMethod } from "./rpc.ts";

export interface LeaderCalls {
  /**
   * Sends the request to the leader, following redirects and trying again over a failover.
   * Rejects with UNAVAILABLE when no leader was found in time, else with the leader's own EngineError.
   */
  call<Request, Response>(
    method: RpcMethod<Request, Response>,
    request: Request,
    options?: { readonly timeoutMs?: number },
  ): Promise<Response>;
}
