// Simulated time: jumps from one event to the next, and lets every promise settle in between.

import { assert } from "../../proto/errors.ts";
import type { Clock, Timer } from "../../proto/ports/clock.ts";

export interface VirtualTime extends Clock {
  /** Lets everything happen that is due within `ms`. */
  advanceAsync(ms: number): Promise<void>;
  /** The same, until `isOver` says so after some event; tells whether it did. */
  advanceUntil(isOver: () => boolean, limitMs: number): Promise<boolean>;
  /** Events that happened so far. */
  events(): number;
}

interface Entry {
  dueMs: number;
  sequence: number;
  run: (() => void) | undefined;
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.sequence < other.sequence);

/** A binary heap by time, then by creation. Cancelled entries stay until their time comes. */
class Agenda {
  readonly #heap: Entry[] = [];

  add(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(entry, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = entry;
  }

  first(): Entry | undefined {
    return this.#heap[0];
  }

  removeFirst(): void {
    const heap = this.#heap;
    const entry = heap.pop();
    if (entry === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, entry)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = entry;
  }
}

/**
 * Between two immediates Node runs every promise reaction there is, however long the chain: cheaper
 * than awaiting a guessed number of turns, and never too few. Many are queued at once, since a turn of
 * the event loop costs more than an event.
 */
const immediatesQueued = 256;

export function createVirtualTime(): VirtualTime {
  const agenda = new Agenda();
  let nowMs = 0;
  let sequence = 0;
  let events = 0;

  /** Runs the next event up to `untilMs`; false where there is none. */
  function runNext(untilMs: number): boolean {
    for (;;) {
      const entry = agenda.first();
      if (entry === undefined || entry.dueMs > untilMs) return false;
      agenda.removeFirst();
      const { run } = entry;
      if (run === undefined) continue;
      if (entry.dueMs > nowMs) nowMs = entry.dueMs;
      entry.run = undefined;
      events++;
      run();
      return true;
    }
  }

  function advance(isOver: () => boolean, limitMs: number): Promise<boolean> {
    const untilMs = nowMs + limitMs;
    return new Promise((resolve, reject) => {
      let isDone = false;
      const end = (isReached: boolean): void => {
        isDone = true;
        resolve(isReached);
      };
      const step = (): void => {
        if (isDone) return;
        try {
          if (isOver()) end(true);
          else if (!runNext(untilMs)) {
            nowMs = untilMs;
            end(false);
          }
        } catch (thrown) {
          isDone = true;
          reject(thrown);
        }
      };
      const queue = (): void => {
        if (isDone) return;
        for (let count = 0; count < immediatesQueued; count++) setImmediate(step);
        setImmediate(queue);
      };
      setImmediate(queue);
    });
  }

  return {
    nowMs: () => nowMs,
    wallMs: () => nowMs,
    after: (delayMs, run): Timer => {
      assert(Number.isFinite(delayMs), `a timer of ${delayMs} ms`);
      const entry: Entry = { dueMs: nowMs + Math.max(0, delayMs), sequence: sequence++, run };
      agenda.add(entry);
      return {
        cancel: () => {
          entry.run = undefined;
        },
      };
    },
    advanceAsync: async (ms) => {
      await advance(() => false, ms);
    },
    advanceUntil: advance,
    events: () => events,
  };
}
