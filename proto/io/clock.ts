// The real clock: monotonic time and timers of this process.

import type { Clock, Timer } from "../ports/clock.ts";

/** The longest delay that a timer of the platform can hold. */
const timerMsMax = 2 ** 31 - 1;

function after(delayMs: number, run: () => void): Timer {
  const dueMs = performance.now() + delayMs;
  let timer: NodeJS.Timeout;
  // Timers of the platform may fire a fraction early and cannot wait for months: re-arm until due.
  const arm = (): void => {
    const remainingMs = dueMs - performance.now();
    if (remainingMs <= 0) {
      run();
      return;
    }
    timer = setTimeout(arm, Math.min(Math.ceil(remainingMs), timerMsMax));
  };
  timer = setTimeout(arm, Math.min(Math.max(0, Math.ceil(delayMs)), timerMsMax));
  return { cancel: () => clearTimeout(timer) };
}

export const realClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after,
};
