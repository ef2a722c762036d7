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

/** Who lets time pass, and until when. */
interface Wait {
  readonly untilMs: number;
  isOver(): boolean;
  /** Whether it came to be over in time. */
  resolve(isReached: boolean): void;
  reject(thrown: unknown): void;
}

const isBefore = (one: Entry, other: Entry): boolean =>
  one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.sequence < other.sequence);

/** Most timers are cancelled, since they bound waits: below so many it is not worth to look for them. */
const cancelledMin = 64;

/** A binary heap by time, then by creation. Cancelled entries stay until they are half of all. */
class Agenda {
  #heap: Entry[] = [];
  #cancelled = 0;

  cancel(entry: Entry): void {
    if (entry.run === undefined) return;
    entry.run = undefined;
    this.#cancelled++;
    if (this.#cancelled < cancelledMin || 2 * this.#cancelled < this.#heap.length) return;
    // What is in order is a heap.
    this.#heap = this.#heap
      .filter(({ run }) => run !== undefined)
      .sort((one, other) => (isBefore(one, other) ? -1 : 1));
    this.#cancelled = 0;
  }

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
    if (heap[0]?.run === undefined) this.#cancelled--;
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
  let wait: Wait | undefined;
  let isQueued = false;

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

  function step(): void {
    if (wait === undefined) return;
    try {
      if (wait.isOver()) endWait().resolve(true);
      else if (!runNext(wait.untilMs)) {
        nowMs = wait.untilMs;
        endWait().resolve(false);
      }
    } catch (thrown) {
      endWait().reject(thrown);
    }
  }

  function endWait(): Wait {
    assert(wait !== undefined, "no wait is there to be ended");
    const ended = wait;
    wait = undefined;
    return ended;
  }

  function queue(): void {
    isQueued = wait !== undefined;
    if (!isQueued) return;
    for (let count = 0; count < immediatesQueued; count++) setImmediate(step);
    setImmediate(queue);
  }

  /** One at a time. What is queued for one goes on with the next. */
  function advance(isOver: () => boolean, limitMs: number): Promise<boolean> {
    assert(wait === undefined, "virtual time is waited for already");
    return new Promise((resolve, reject) => {
      wait = { isOver, untilMs: nowMs + limitMs, resolve, reject };
      if (isQueued) return;
      isQueued = true;
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
        cancel: () => agenda.cancel(entry),
      };
    },
    advanceAsync: async (ms) => {
      await advance(() => false, ms);
    },
    advanceUntil: advance,
    events: () => events,
  };
}
