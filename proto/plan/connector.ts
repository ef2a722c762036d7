// Sources and sinks of others: what a plan keeps of them, and what the engine asks of their code.

/** A constant that a filter compares with: the types are those of rows. Decimals are text. */
export type FilterValue = number | bigint | string | boolean | Date;

/** One condition on one column. A row with null in the column fits `isNull` only. */
export type SourceFilter =
  | {
      readonly column: string;
      readonly is: "eq" | "ne" | "lt" | "le" | "gt" | "ge";
      readonly value: FilterValue;
    }
  | { readonly column: string; readonly is: "in"; readonly values: readonly FilterValue[] }
  | { readonly column: string; readonly is: "isNull" | "isNotNull" };

/** What of a source is wanted. */
export interface SourceRequest {
  /** Names of columns of its schema, in order; others need not be read. */
  readonly columns: readonly string[];
  /** Conditions that all must hold of a row. */
  readonly filters: readonly SourceFilter[];
}

/** How many splits are useful; more are allowed up to `splitsMax`. */
export interface SplitAdvice {
  readonly splitsAimed: number;
  readonly splitsMax: number;
}

export interface PlannedSource<Split> {
  /** One task each, in the order of the rows. Plain values of a few hundred bytes: they are recorded. */
  readonly splits: readonly Split[];
  /**
   * Those of the offered filters (the same objects) that the source applies itself, to the letter: the engine
   * no longer looks at them.
   */
  readonly taken?: readonly SourceFilter[];
  /** About how many bytes there are to read, for the choice of joins; 0 where it is not known. */
  readonly bytes?: number;
}

/** The attempt of a task that reads or stages. */
export interface TaskAttempt {
  readonly jobId: string;
  readonly taskIndex: number;
  /** Rises from attempt to attempt of a task: whoever has a lower one than the last is a zombie. */
  readonly token: number;
}

/** One write of a dataset to a sink; the same for every attempt, driver and leader. */
export interface SinkWrite {
  /** Unique to the write, for ever: the name under which a sink remembers that it was published. */
  readonly id: string;
  readonly jobId: string;
}

export interface StageAttempt extends TaskAttempt {
  readonly write: SinkWrite;
}

/** What one accepted attempt staged. */
export interface StagedPart<Receipt = unknown> {
  readonly taskIndex: number;
  readonly token: number;
  readonly rows: number;
  /** As `stage` answered. */
  readonly receipt: Receipt;
}

/** Questions to a source; the first two in the driver, the last on a worker. */
export type SourceCall =
  | { readonly kind: "schema" }
  | { readonly kind: "plan"; readonly request: SourceRequest; readonly advice: SplitAdvice }
  | {
      readonly kind: "read";
      readonly split: unknown;
      readonly request: SourceRequest;
      readonly task: TaskAttempt;
    };

/** Questions to a sink; the first in the driver, the others on a worker. */
export type SinkCall =
  | { readonly kind: "begin"; readonly write: SinkWrite }
  | {
      readonly kind: "stage";
      readonly batches: AsyncIterable<unknown>;
      readonly attempt: StageAttempt;
    }
  | { readonly kind: "commit"; readonly parts: readonly StagedPart[]; readonly write: SinkWrite }
  | { readonly kind: "abort"; readonly write: SinkWrite };

/** Of a source, once it was asked: what the planner goes on with. */
export interface SourceSplits {
  /** Tagged JSON of each. */
  readonly splits: readonly string[];
  /** By their number among the filters that were offered. */
  readonly taken: readonly number[];
  readonly bytes: number;
}

export interface WrittenRows {
  /** As the sink names it. */
  readonly target: string;
  readonly rows: number;
  /** Tasks that staged rows. */
  readonly parts: number;
}

/** The id of a write: by the job and the action that stages its rows. */
export function sinkWrite(jobId: string, actionIndex: number): SinkWrite {
  return { id: `${jobId}/a${actionIndex}`, jobId };
}
