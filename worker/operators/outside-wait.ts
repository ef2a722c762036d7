// Waiting for code of sources and sinks of others, which itself waits for another system.

import { EngineError } from "../../proto/errors.ts";
import { connectorLookMs, connectorWaitMsMax } from "../../proto/limits/connectors.ts";
import type { Clock } from "../../proto/ports/clock.ts";
import { cellAt, cellStates } from "./cells.ts";
import { engineErrorOfBundle, type UserCode } from "./user-code.ts";

/** One connector within one attempt. */
export interface Outside {
  readonly user: UserCode;
  readonly clock: Clock;
  /** As errors show it: `read postgres#3`. */
  readonly label: string;
}

/** What its code threw, as an error of ours that names it; ours pass with the name added. */
export function outsideFailure({ user, label }: Outside, thrown: unknown): Error {
  const place = { operator: label, partition: user.partition };
  const known = thrown instanceof EngineError ? thrown : engineErrorOfBundle(thrown);
  if (known !== undefined) {
    if (known.details.operator !== undefined) return known;
    return new EngineError(known.code, known.message, { ...place, ...known.details }, thrown);
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  const details = { ...place, ...user.locate(thrown) };
  return new EngineError("USER_CODE_FAILED", `${label}: ${message}`, details, thrown);
}

/**
 * The answer of a call into the connector's code. A database may take minutes over one statement: the task counts as
 * alive while it waits, for a bounded time, and the wait ends when the attempt is cancelled.
 */
export async function waitOutside<Answer>(
  outside: Outside,
  call: () => Answer | Promise<Answer>,
): Promise<Answer> {
  const { user, clock, label } = outside;
  const { ints } = user.cells;
  const before = ints[cellAt.state]!;
  const startedMs = clock.nowMs();
  let over = false;
  const stopped = new Promise<never>((_, reject) => {
    const look = (): void => {
      if (over) return;
      ints[cellAt.steps] = ints[cellAt.steps]! + 1;
      if (ints[cellAt.cancelled] !== 0) {
        reject(new EngineError("LEASE_LOST", "the attempt was stopped: its lease is over"));
      } else if (clock.nowMs() - startedMs > connectorWaitMsMax) {
        const message = `${label} waited for more than ${connectorWaitMsMax} ms for one answer`;
        reject(new EngineError("USER_CODE_DEADLINE", message, { deadlineMs: connectorWaitMsMax }));
      } else clock.after(connectorLookMs, look);
    };
    clock.after(connectorLookMs, look);
  });
  try {
    // What it computes until it first waits is the user's time.
    ints[cellAt.state] = cellStates.user;
    const answer = call();
    ints[cellAt.state] = cellStates.waiting;
    return await Promise.race([answer, stopped]);
  } catch (thrown) {
    throw outsideFailure(outside, thrown);
  } finally {
    over = true;
    ints[cellAt.state] = before;
  }
}
