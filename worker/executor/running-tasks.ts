// Tasks while a thread of the executor runs them: their progress, their deadlines, and who ended them.

import { deserialize } from "node:v8";
import {
  EngineError,
  type ErrorDetails,
  type ErrorRecord,
  toErrorRecord,
} from "../../proto/errors.ts";
import type { LeaseSpec, TaskProgress } from "../../proto/ports/executor.ts";
import {
  cellAt,
  cellStates,
  cellsBytes,
  cellsOf,
  endRun,
  motionOf,
  type TaskCells,
  tasksBegun,
} from "../operators/cells.ts";
import { operatorLabels } from "./labels.ts";
import type { QueuedTask } from "./task-queue.ts";

/** Tasks of one lease, at least one, which a thread runs one after another. */
export class RunningTasks {
  readonly tasks: readonly QueuedTask[];
  /** Of the executor: no other run has it at the same time. */
  readonly slot: number;
  readonly memory = new SharedArrayBuffer(cellsBytes);
  readonly abort = new AbortController();
  readonly startedMs: number;
  /** Why the thread was ended, when it was we who did it. */
  ended: ErrorRecord | undefined;
  private readonly cells: TaskCells = cellsOf(this.memory);
  private lastMotion = -1;
  private movedAtMs: number;
  private reportedMotion = 0;
  private steps = 0;
  /** Of the tasks, those that the thread is still to run. */
  private kept: number;

  constructor(tasks: readonly QueuedTask[], slot: number, nowMs: number) {
    this.tasks = tasks;
    this.kept = tasks.length;
    this.slot = slot;
    this.startedMs = nowMs;
    this.movedAtMs = nowMs;
  }

  /** The task that the thread began last, or will begin first. */
  private get currentIndex(): number {
    return Math.max(0, tasksBegun(this.cells) - 1);
  }

  get current(): QueuedTask {
    return this.tasks[this.currentIndex]!;
  }

  requestStop(): void {
    this.cells.ints[cellAt.cancelled] = 1;
  }

  /** Of several, those that the thread has not begun, and will not begin any more. */
  takeBack(): readonly QueuedTask[] {
    const { kept } = this;
    if (kept <= 1) return [];
    this.kept = Math.min(kept, endRun(this.cells));
    return this.tasks.slice(this.kept, kept);
  }

  /** All that were not taken back. */
  get left(): readonly QueuedTask[] {
    return this.tasks.slice(0, this.kept);
  }

  /** What moved since it was last asked; undefined when nothing did. */
  newProgress(): TaskProgress | undefined {
    const motion = motionOf(this.cells);
    if (motion === this.reportedMotion) return undefined;
    this.reportedMotion = motion;
    // The motion may fall when another operator's rows are counted: reported steps only grow.
    this.steps++;
    return { rows: this.cells.floats[0]!, bytes: this.cells.floats[1]!, steps: this.steps };
  }

  /** Whether user code stood still for longer than it may. */
  isStuck(nowMs: number, deadlineMs: number): boolean {
    const motion = motionOf(this.cells);
    const isUser = this.cells.ints[cellAt.state] === cellStates.user;
    if (!isUser || motion !== this.lastMotion) {
      this.lastMotion = motion;
      this.movedAtMs = nowMs;
      return false;
    }
    return nowMs - this.movedAtMs >= deadlineMs;
  }

  /** Operator, partition and row at this moment. */
  place(): ErrorDetails & { readonly operator: string } {
    const { ints } = this.cells;
    const index = ints[cellAt.operator]!;
    const operator = index < 0 ? "run" : (this.labels()[index] ?? "unknown");
    return { operator, partition: this.current.own.taskIndex, row: ints[cellAt.row]! };
  }

  private labels(): readonly string[] {
    const { bytes } = this.current.lease.shared;
    const { program } = deserialize(Buffer.from(bytes)) as LeaseSpec;
    return operatorLabels(program);
  }

  deadlineError(deadlineMs: number): ErrorRecord {
    const place = this.place();
    const at =
      place.operator === "run"
        ? "the job's run function, replayed for its closures,"
        : `the function of ${place.operator} in partition ${place.partition}, row ${place.row},`;
    const message = `${at} did not return within ${deadlineMs} ms; look for an endless loop`;
    return toErrorRecord(new EngineError("USER_CODE_DEADLINE", message, { ...place, deadlineMs }));
  }

  memoryError(limitMiB: number): ErrorRecord {
    const place = this.place();
    return toErrorRecord(
      new EngineError(
        "USER_CODE_OUT_OF_MEMORY",
        `the heap of a task's thread reached its limit of ${limitMiB} MiB in ${place.operator} of ` +
          `partition ${place.partition} near row ${place.row}; keep less in memory per row, use ` +
          "smaller inputs per task, or give the worker's threads a larger heap",
        { ...place, limitBytes: limitMiB * 1024 * 1024 },
      ),
    );
  }
}
