// Wakes whoever waits for the state to change; a wait always ends, at the latest after its time.

import type { Clock } from "../proto/ports/clock.ts";

export interface Changes {
  /** Resolves at the next change, or after `timeoutMs`. */
  readonly wait: (timeoutMs: number) => Promise<void>;
  notify(): void;
  /** Wakes everyone, and from now on nobody waits. */
  close(): void;
}

export function createChanges(clock: Clock): Changes {
  let waiters = new Set<() => void>();
  let isClosed = false;

  function notify(): void {
    const woken = waiters;
    waiters = new Set();
    for (const wake of woken) wake();
  }

  return {
    notify,
    close: () => {
      isClosed = true;
      notify();
    },
    wait: (timeoutMs) =>
      new Promise((resolve) => {
        if (isClosed) return resolve();
        const timer = clock.after(timeoutMs, () => {
          waiters.delete(wake);
          resolve();
        });
        function wake(): void {
          timer.cancel();
          resolve();
        }
        waiters.add(wake);
      }),
  };
}
