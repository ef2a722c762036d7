// The leader's hands: does what the state says is to be done in the store, and tells the log.

import { toEngineError, toErrorRecord, unreachable } from "../../proto/errors.ts";
import { intentRetryMs, intentsRunningMax } from "../../proto/limits.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import type { Log } from "../../proto/ports/log.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import type { Command } from "../scheduler/commands.ts";
import type { Intent } from "../scheduler/intents.ts";
import { commitOutput } from "./commit-output.ts";

export interface IntentRunner {
  /**
   * Starts the intents that are not under way already, as many as may be. Called whenever the
   * leader's state changed, and while anything is open that is at least once per logged tick.
   */
  run(intents: readonly Intent[]): void;
}

export interface IntentPorts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Resolves once applied; rejects where the state machine refused it. */
  propose(command: Command): Promise<void>;
}

/**
 * A failure that no repetition can mend ends the commit; everything else is tried again.
 * `isUncertain`: an earlier try ended without an answer, so its manifest may still appear. A store
 * that now refuses us says nothing about that, and the commit must not be called failed.
 */
function isPermanent(thrown: unknown, isUncertain: boolean): boolean {
  const { code } = toEngineError(thrown);
  if (code === "STORE_DENIED") return !isUncertain;
  return code === "OUTPUT_EXISTS" || code === "STORE_UPLOAD_LOST";
}

export function createIntentRunner(ports: IntentPorts): IntentRunner {
  const { store, clock, log } = ports;
  /** Running, or pausing after a failure. */
  const underWay = new Set<string>();
  /** Commits with a request whose outcome is unknown. */
  const uncertain = new Set<string>();
  let running = 0;

  async function perform(intent: Intent): Promise<void> {
    const { jobId, actionIndex } = intent;
    switch (intent.kind) {
      case "commit":
        await commitOutput(store, intent);
        uncertain.delete(intent.key);
        await ports.propose({ kind: "actionCommitted", jobId, actionIndex });
        return;
      case "sweep": {
        const swept = await store.sweep(intent.folderUri, jobId, intent.tokenEnd);
        if (swept > 0) log.info("removed uncommitted uploads", { jobId, actionIndex, swept });
        await ports.propose({ kind: "actionSwept", jobId, actionIndex });
        return;
      }
      default:
        unreachable(intent);
    }
  }

  async function fail(intent: Intent, thrown: unknown): Promise<void> {
    const { kind, jobId, actionIndex } = intent;
    const error = toErrorRecord(thrown);
    const { code, message } = error;
    log.warn(`${kind} did not go through`, { jobId, actionIndex, code, message });
    if (code === "STORE_UNKNOWN_OUTCOME") uncertain.add(intent.key);
    if (kind !== "commit" || !isPermanent(thrown, uncertain.has(intent.key))) return;
    uncertain.delete(intent.key);
    await ports.propose({ kind: "actionCommitFailed", jobId, actionIndex, error });
  }

  function start(intent: Intent): void {
    underWay.add(intent.key);
    running++;
    perform(intent)
      .then(
        () => underWay.delete(intent.key),
        async (thrown: unknown) => {
          // Losing leadership meanwhile is no failure of the commit: the next leader goes on.
          await fail(intent, thrown).catch(() => undefined);
          // The key stays taken for a while, so that a broken store is not asked in a tight loop.
          clock.after(intentRetryMs, () => underWay.delete(intent.key));
        },
      )
      .finally(() => {
        running--;
      });
  }

  return {
    run: (intents) => {
      for (const intent of intents) {
        if (running >= intentsRunningMax) return;
        if (!underWay.has(intent.key)) start(intent);
      }
    },
  };
}
