// Where a running task is, in memory that another thread can read while user code blocks this one.

/** Whose code runs; the closure deadline counts only while it is the user's. */
export const cellStates = { engine: 0, user: 1, waiting: 2 } as const;

/** Indexes into `ints`. */
export const cellAt = {
  state: 0,
  /** Index of the operator whose closure runs; -1 while the job's module is replayed. */
  operator: 1,
  /** Row of that operator's input within the partition. */
  row: 2,
  /** Grows with every chunk and with every item of an iterator. */
  steps: 3,
  /** Set from outside: stop soon. */
  cancelled: 4,
  /** How many tasks of its run a thread has begun; beyond all of them once it is to begin no more. */
  begun: 5,
} as const;

const intCount = 8;
const floatCount = 2;

export const cellsBytes = intCount * 4 + floatCount * 8;

export interface TaskCells {
  readonly ints: Int32Array;
  /** Rows and bytes read. */
  readonly floats: Float64Array;
}

export function cellsOf(buffer: ArrayBuffer | SharedArrayBuffer): TaskCells {
  return {
    ints: new Int32Array(buffer, 0, intCount),
    floats: new Float64Array(buffer, intCount * 4, floatCount),
  };
}

/** A number that changes whenever anything moved: user code that hangs leaves it as it is. */
export function motionOf(cells: TaskCells): number {
  const { ints, floats } = cells;
  return ints[cellAt.steps]! * 4_194_304 + ints[cellAt.row]! + floats[0]! + floats[1]!;
}

/** A thread begins the task of its run with this index. False where it is to begin no more. */
export function beginTask({ ints, floats }: TaskCells, index: number): boolean {
  if (Atomics.compareExchange(ints, cellAt.begun, index, index + 1) !== index) return false;
  ints[cellAt.state] = cellStates.engine;
  ints[cellAt.operator] = 0;
  ints[cellAt.row] = 0;
  floats.fill(0);
  return true;
}

const noMore = 2 ** 30;

/** From outside: the thread is to begin no further task. Answers how many it has begun. */
export function endRun({ ints }: TaskCells): number {
  const begun = Atomics.or(ints, cellAt.begun, noMore);
  return begun & ~noMore;
}

/** From outside: how many tasks of its run the thread has begun. */
export function tasksBegun({ ints }: TaskCells): number {
  return Atomics.load(ints, cellAt.begun) & ~noMore;
}
