// The only time that replicated state knows: ticks in the log, made by the leader.

import { loggedTickMs } from "../proto/limits.ts";
import type { Clock, Timer } from "../proto/ports/clock.ts";

export interface LoggedTicks {
  start(): void;
  stop(): void;
}

export interface TickPorts {
  leads(): boolean;
  /** Where nothing can expire, time need not be written down. */
  isNeeded(): boolean;
  /** Resolves once the tick was applied. */
  log(): Promise<unknown>;
}

/**
 * Only the leader makes time, in its own term, and only once the last tick was applied: time may
 * stand still while leaders change, but it never runs ahead.
 */
export function createLoggedTicks(clock: Clock, ports: TickPorts): LoggedTicks {
  let timer: Timer | undefined;

  function schedule(): void {
    timer?.cancel();
    if (!ports.leads()) return;
    timer = clock.after(loggedTickMs, () => {
      if (!ports.leads()) return;
      if (!ports.isNeeded()) return schedule();
      // Refused: leadership was lost, or there is too much under way, and time waits with the rest.
      ports.log().then(schedule, schedule);
    });
  }

  return { start: schedule, stop: () => timer?.cancel() };
}
