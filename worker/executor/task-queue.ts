// Tasks that wait for a thread, and how many of them one thread is handed at a time. Pure: told the time.
//
// A message to a thread and back takes longer than a short task. So tasks of a stage whose tasks proved short are
// handed over together: as many as are expected to take a few milliseconds, and never so many that the last threads
// to be free would find none.

import { stagesTimedMax, taskRunMsAimed, tasksPerRunMax } from "../../proto/limits.ts";
import type { OwnSpec } from "../../proto/ports/executor.ts";
import type { SharedLease } from "./messages.ts";

/** What is known of a lease without reading it. */
export interface QueuedLease {
  readonly shared: SharedLease;
  readonly stage: string;
  readonly isRepeatable: boolean;
}

export interface QueuedTask {
  readonly id: number;
  readonly own: OwnSpec;
  readonly lease: QueuedLease;
}

export class TaskQueue {
  private readonly slots: number;
  private waiting: QueuedTask[] = [];
  /** Milliseconds for one task of a stage, as the last run of it took; in order of the last use. */
  private readonly msByStage = new Map<string, number>();

  constructor(slots: number) {
    this.slots = slots;
  }

  add(tasks: readonly QueuedTask[]): void {
    this.waiting.push(...tasks);
  }

  /** Tasks that were handed over, and not begun. */
  putBack(tasks: readonly QueuedTask[]): void {
    this.waiting.unshift(...tasks);
  }

  /** False where it does not wait. */
  remove(id: number): boolean {
    const index = this.waiting.findIndex((task) => task.id === id);
    if (index < 0) return false;
    this.waiting.splice(index, 1);
    return true;
  }

  /** The tasks that a free thread is to run next, all of one lease; none where nothing waits. */
  take(): QueuedTask[] {
    const [first] = this.waiting;
    if (first === undefined) return [];
    const wanted = this.mayShare(first) ? this.countFor(first.lease.stage) : 1;
    let count = 1;
    while (count < wanted && this.fits(first, this.waiting[count])) count++;
    return this.waiting.splice(0, count);
  }

  /** A run of so many tasks took so long. */
  note(stage: string, tasks: number, ms: number): void {
    if (tasks === 0) return;
    this.msByStage.delete(stage);
    this.msByStage.set(stage, ms / tasks);
    for (const oldest of this.msByStage.keys()) {
      if (this.msByStage.size <= stagesTimedMax) break;
      this.msByStage.delete(oldest);
    }
  }

  private countFor(stage: string): number {
    const ms = this.msByStage.get(stage);
    if (ms === undefined) return 1;
    const inTime = Math.floor(taskRunMsAimed / Math.max(ms, taskRunMsAimed / tasksPerRunMax));
    return Math.min(inTime, Math.ceil(this.waiting.length / (2 * this.slots)));
  }

  /** What ended its process before runs alone: its neighbours are not to be blamed with it. */
  private mayShare({ own, lease }: QueuedTask): boolean {
    return lease.isRepeatable && own.attempt <= 1;
  }

  private fits(first: QueuedTask, next: QueuedTask | undefined): boolean {
    return next !== undefined && next.lease === first.lease && this.mayShare(next);
  }
}
