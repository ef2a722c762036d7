// A task while a thread of the executor runs it: its progress, its deadline, and who ended it.

import {
  EngineError,
  type ErrorDetails,
  type ErrorRecord,
  toErrorRecord,
} from "../../proto/errors.ts";
import type { TaskProgress, TaskSpec } from "../../proto/ports/executor.ts";
import {
  cellAt,
  cellStates,
  cellsBytes,
  cellsOf,
  motionOf,
  type TaskCells,
} from "../operators/cells.ts";
import { operatorLabels } from "./labels.ts";

export class RunningTask {
  readonly id: number;
  readonly spec: TaskSpec;
  /** Of the executor: no other task has it at the same time. */
  readonly slot: number;
  readonly memory = new SharedArrayBuffer(cellsBytes);
  readonly abort = new AbortController();
  /** Why the thread was ended, when it was we who did it. */
  ended: ErrorRecord | undefined;
  private readonly cells: TaskCells = cellsOf(this.memory);
  private lastMotion = -1;
  private movedAtMs: number;
  private reportedMotion = 0;
  private steps = 0;

  constructor(id: number, spec: TaskSpec, slot: number, nowMs: number) {
    this.id = id;
    this.spec = spec;
    this.slot = slot;
    this.movedAtMs = nowMs;
  }

  requestStop(): void {
    this.cells.ints[cellAt.cancelled] = 1;
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
    const operator = index < 0 ? "run" : (operatorLabels(this.spec.program)[index] ?? "unknown");
    return { operator, partition: this.spec.taskIndex, row: ints[cellAt.row]! };
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
