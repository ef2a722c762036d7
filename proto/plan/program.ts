// What one task runs: a source, operators in order, a sink. Sent as JSON; the master never looks inside.

import type { CsvOptions, NodeId, OutputFormat, SortKey } from "./logical.ts";

/** A range of one input file. A record belongs to the split in which its first byte lies. */
export interface FileRange {
  readonly uri: string;
  readonly fileBytes: number;
  readonly startByte: number;
  readonly endByte: number;
  readonly compression: "none" | "gzip";
}

/** The inputs of one task: whole small files packed together, or a piece of a large one. */
export interface TaskSplit {
  readonly ranges: readonly FileRange[];
}

export type SourceProgram =
  | { readonly kind: "text"; readonly node: NodeId }
  | { readonly kind: "ndjson"; readonly node: NodeId }
  | { readonly kind: "csv"; readonly node: NodeId; readonly options: CsvOptions }
  /** The batches of the stage's first shuffle input, maps in index order. */
  | { readonly kind: "shuffle"; readonly node: NodeId; readonly stageId: number };

export type OperatorProgram =
  | { readonly kind: "map"; readonly node: NodeId }
  | { readonly kind: "flatMap"; readonly node: NodeId }
  | { readonly kind: "filter"; readonly node: NodeId }
  | { readonly kind: "limit"; readonly node: NodeId; readonly rows: number }
  /** partial: values in, {value, count} out. final: {value, count} in, merged {value, count} out. */
  | { readonly kind: "countByValue"; readonly node: NodeId; readonly phase: "partial" | "final" }
  /** partial: [key, value] in and out. final: [key, value] in, merged out. */
  | { readonly kind: "reduceByKey"; readonly node: NodeId; readonly phase: "partial" | "final" }
  /**
   * Sorts all rows of the task by the key, ties by the whole row, so that the order is total.
   * `rowsMax` keeps only the first rows (top-k).
   */
  | {
      readonly kind: "sort";
      readonly node: NodeId;
      readonly key: SortKey;
      readonly rowsMax?: number;
    }
  /** Sorted key samples in, `partitions - 1` boundary rows out. */
  | {
      readonly kind: "rangeBounds";
      readonly node: NodeId;
      readonly key: SortKey;
      readonly partitions: number;
    };

export type PartitionerProgram =
  /** By stable hash of the key: the `value` column of counts, the `key` column of pairs. */
  | { readonly kind: "hash"; readonly column: "value" | "key"; readonly partitions: number }
  /** Everything to partition 0. */
  | { readonly kind: "single" }
  /**
   * All rows to partition 0; a deterministic sample of them, `samplesMax` to twice as many where there are so
   * many rows, to partition `samplePartition`. Two partitions, however many tasks there are.
   */
  | {
      readonly kind: "holdAndSample";
      readonly node: NodeId;
      readonly key: SortKey;
      readonly samplePartition: number;
      readonly samplesMax: number;
    }
  /** By the boundary rows that stage `boundsStageId` made (its partition 0, one map). */
  | {
      readonly kind: "range";
      readonly node: NodeId;
      readonly key: SortKey;
      readonly boundsStageId: number;
      readonly partitions: number;
    };

export type SinkProgram =
  | { readonly kind: "shuffle"; readonly partitioner: PartitionerProgram }
  /** Rows as tagged JSON (see values.ts), one part per task. */
  | { readonly kind: "collect" }
  | { readonly kind: "count" }
  | { readonly kind: "output"; readonly format: OutputFormat; readonly folderUri: string };

export interface TaskProgram {
  readonly source: SourceProgram;
  readonly operators: readonly OperatorProgram[];
  readonly sink: SinkProgram;
}
