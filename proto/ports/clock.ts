// Time from outside. Cores never see it: they are told of ticks.

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds since an arbitrary start. */
  nowMs(): number;
  /** Milliseconds since 1970, for people only; never compared between machines. */
  wallMs(): number;
  /** Calls `run` once after at least `delayMs`. */
  after(delayMs: number, run: () => void): Timer;
}

/** A promise that resolves after `delayMs` of the given clock. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delayMs, resolve);
  });
}
