// One life of one node: everything that happens to it passes its gate, and waits while it is paused.

import type { Clock, Timer } from "../../proto/ports/clock.ts";

export interface Gate {
  state: "awake" | "paused" | "gone";
  held: (() => void)[];
}

export function pass(gate: Gate, run: () => void): void {
  if (gate.state === "awake") run();
  else if (gate.state === "paused") gate.held.push(run);
}

/** A node's own idea of time. */
export interface ClockFault {
  /** Its milliseconds per true millisecond, less one; within what leases allow for. */
  drift: number;
  /** By how much somebody set its wall clock. */
  wallOffsetMs: number;
}

export function gatedClock(clock: Clock, gate: Gate, fault: ClockFault): Clock {
  const startMs = clock.nowMs();
  const rate = 1 + fault.drift;
  return {
    nowMs: () => startMs + (clock.nowMs() - startMs) * rate,
    wallMs: () => clock.wallMs() + fault.wallOffsetMs,
    after: (delayMs, run): Timer => {
      let isCancelled = false;
      const timer = clock.after(delayMs / rate, () => {
        if (gate.state === "awake") return run();
        pass(gate, () => {
          if (!isCancelled) run();
        });
      });
      return {
        cancel: () => {
          isCancelled = true;
          timer.cancel();
        },
      };
    },
  };
}
