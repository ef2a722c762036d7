// A clock that moves only when a test says so.

import { assert } from "../errors.ts";
import type { Clock } from "../ports/clock.ts";

export interface FakeClock extends Clock {
  /** Moves time, running due timers in order of their time, then of their creation. */
  advance(ms: number): void;
  /** The same, letting promises settle before each timer and at the end. */
  advanceAsync(ms: number): Promise<void>;
  /** Timers that have not run yet. */
  pending(): number;
}

interface Waiting {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Promise reactions that are let through before the clock moves on. */
const microtaskTurns = 50;

async function settle(): Promise<void> {
  for (let turn = 0; turn < microtaskTurns; turn++) await Promise.resolve();
}

export function fakeClock(startMs = 0): FakeClock {
  let nowMs = startMs;
  const waiting = new Set<Waiting>();

  const nextDue = (untilMs: number): Waiting | undefined => {
    let first: Waiting | undefined;
    for (const entry of waiting) {
      if (entry.dueMs > untilMs) continue;
      if (first === undefined || entry.dueMs < first.dueMs) first = entry;
    }
    return first;
  };
  const fire = (entry: Waiting): void => {
    waiting.delete(entry);
    nowMs = Math.max(nowMs, entry.dueMs);
    entry.run();
  };

  return {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    after: (delayMs, run) => {
      assert(Number.isFinite(delayMs), `a timer of ${delayMs} ms`);
      const entry = { dueMs: nowMs + Math.max(0, delayMs), run };
      waiting.add(entry);
      return { cancel: () => void waiting.delete(entry) };
    },
    advance: (ms) => {
      const untilMs = nowMs + ms;
      for (let due = nextDue(untilMs); due !== undefined; due = nextDue(untilMs)) fire(due);
      nowMs = untilMs;
    },
    advanceAsync: async (ms) => {
      const untilMs = nowMs + ms;
      await settle();
      for (let due = nextDue(untilMs); due !== undefined; due = nextDue(untilMs)) {
        fire(due);
        await settle();
      }
      nowMs = untilMs;
      await settle();
    },
    pending: () => waiting.size,
  };
}
