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
