// Who leads, asked of each master by itself: also while another one does not answer.

import { createGrpcClient } from "../../proto/io/grpc-client.ts";
import { masterApi } from "../../proto/wire/methods.ts";
import type { MastersView } from "../../proto/wire/views.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Leaders {
  /** The view of whichever of these masters (all by default) leads, as soon as one says that it does. */
  find(options: { readonly limitMs: number; readonly not?: string }): Promise<MastersView>;
  close(): void;
}

/** `addresses`: of the masters by name. Only a leader that a quorum confirms answers this call. */
export function watchLeaders(addresses: ReadonlyMap<string, string>, nodeToken: string): Leaders {
  const rpc = createGrpcClient({ token: nodeToken });

  async function ask(address: string): Promise<MastersView | undefined> {
    try {
      const { mastersJson } = await rpc.call(address, masterApi.list, {}, { timeoutMs: 400 });
      return JSON.parse(mastersJson) as MastersView;
    } catch {
      // It is away, or does not lead: the next round asks again.
      return undefined;
    }
  }

  return {
    find: async ({ limitMs, not }) => {
      const untilMs = performance.now() + limitMs;
      const asked = [...addresses].filter(([name]) => name !== not);
      while (performance.now() < untilMs) {
        const views = asked.map(async ([, address]) => {
          const view = await ask(address);
          if (view === undefined || view.leader === not) throw new Error("no leader there");
          return view;
        });
        const found = await Promise.any(views).catch(() => undefined);
        if (found !== undefined) return found;
        await pause(20);
      }
      throw new Error(`no master led for ${limitMs} ms`);
    },
    close: () => rpc.close(),
  };
}
