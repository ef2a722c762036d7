// The only time that replicated state knows: ticks in the log, made by the leader.

import { loggedTickMs } from "../proto/limits.ts";
import type { Clock, Timer } from "../proto/ports/clock.ts";

export interface LoggedTicks {
  start(): void;
  stop(): void;
}

export interface TickPorts {
  /** The term in which this master leads; undefined when it does not. */
  ledTerm(): number | undefined;
  /** Where nothing can expire, time need not be written down. */
  isNeeded(): boolean;
  /** Resolves once the tick was applied. */
  log(term: number): Promise<unknown>;
}

/**
 * Only the leader makes time, in its own term, and only once the last tick was applied: time may
 * stand still while leaders change, but it never runs ahead.
 */
export function createLoggedTicks(clock: Clock, ports: TickPorts): LoggedTicks {
  let timer: Timer | undefined;

  function schedule(): void {
    timer?.cancel();
    const term = ports.ledTerm();
    if (term === undefined) return;
    timer = clock.after(loggedTickMs, () => {
      // A wait that began in an earlier term says nothing about the time of this one.
      if (ports.ledTerm() !== term || !ports.isNeeded()) return schedule();
      // Refused: leadership was lost, or there is too much under way, and time waits with the rest.
      ports.log(term).then(schedule, schedule);
    });
  }

  return { start: schedule, stop: () => timer?.cancel() };
}
