// Long polls: ask the applied state again after every change, until it has an answer or the time is
// over.

import { EngineError } from "../../proto/errors.ts";
import { pollsWaitingMax } from "../../proto/limits/rpc.ts";
import type { ApiCore } from "./core.ts";

export interface Waiting {
  /**
   * `look` answers undefined to go on waiting. Once the time is over its last answer is the reply,
   * or else `otherwise`.
   */
  until<Answer>(
    waitMs: number,
    look: () => Promise<Answer | undefined> | Answer | undefined,
    otherwise: () => Answer,
  ): Promise<Answer>;
}

export function createWaiting(core: ApiCore): Waiting {
  let waiting = 0;
  return {
    until: async (waitMs, look, otherwise) => {
      if (waiting >= pollsWaitingMax) {
        throw new EngineError(
          "UNAVAILABLE",
          `${waiting} requests wait on this master, at most ${pollsWaitingMax} may; try again`,
        );
      }
      waiting++;
      try {
        const deadlineMs = core.clock.nowMs() + waitMs;
        for (;;) {
          const leftMs = deadlineMs - core.clock.nowMs();
          const seen = core.leaderState().appliedIndex;
          const answer = await look();
          if (answer !== undefined) return answer;
          if (leftMs <= 0) return otherwise();
          // What was applied while we looked would not wake us.
          if (core.leaderState().appliedIndex !== seen) continue;
          await core.waitForChange(leftMs);
        }
      } finally {
        waiting--;
      }
    },
  };
}
