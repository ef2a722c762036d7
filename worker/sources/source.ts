// What every source offers to the loop that runs a task.

import type { TaskSplit } from "../../proto/plan/program.ts";
import type { RegionReader } from "./record-region.ts";

/** Where a source hands its rows; `bytes` are those read since the last call. */
export interface RowSink {
  /** Returns false when no more rows are wanted. */
  push(rows: readonly unknown[], bytes: number): Promise<boolean>;
}

export interface SourceWorld extends RegionReader {
  /** Told of each file as reading of it begins, so that errors can name it. */
  onFile(uri: string): void;
  /**
   * Set where a task may want no more rows than these: they are worth handing on as soon as they are
   * there, though a batch could hold more.
   */
  readonly rowsWantedFirst?: number;
}

export interface FileSource {
  run(split: TaskSplit, world: SourceWorld, sink: RowSink): Promise<void>;
}
