// What one task runs: a source, operators in order, a sink. Sent as JSON; the master never looks inside.

import type { ColumnNeed } from "./absent-column.ts";
import type { Alteration } from "./altered-columns.ts";
import type { Expr, NamedAggregate, NamedExpr, NamedWindow, RankLimit, SortExpr } from "./expr.ts";
import type {
  ColumnarFormat,
  ColumnarReadOptions,
  CsvOptions,
  JoinByKeyNode,
  JoinType,
  NodeId,
  OutputFormat,
  SortKey,
  WriteOptions,
} from "./logical.ts";
import type { Schema } from "./types.ts";

/** A range of one input file. A record belongs to the split in which its first byte lies. */
export interface FileRange {
  readonly uri: string;
  readonly fileBytes: number;
  readonly startByte: number;
  readonly endByte: number;
  readonly compression: "none" | "gzip" | "zstd";
}

/**
 * Very many files: those of a listing of the pattern from the first name to the last. Their names would not fit the
 * log; a worker lists them again, and what it finds has to be as many, with as many bytes.
 */
export interface ListedFiles {
  readonly pattern: string;
  readonly first: string;
  readonly last: string;
  readonly files: number;
  readonly bytes: number;
}

/** The inputs of one task: whole small files packed together, or a piece of a large one. */
export interface TaskSplit {
  /** Empty for tasks of branches that read no files. */
  readonly ranges: readonly FileRange[];
  /** Instead of ranges, where there are very many files. */
  readonly listed?: ListedFiles;
  /** Of a source of others: tagged JSON of what its plan named. */
  readonly own?: string;
}

/** Sealed output of an earlier stage, which is among the task's inputs. */
export interface ShuffleSource {
  readonly kind: "shuffle";
  readonly node: NodeId;
  /** The batches of this shuffle input, maps in index order. */
  readonly stageId: number;
}

export type SourceProgram =
  | { readonly kind: "text"; readonly node: NodeId }
  | { readonly kind: "ndjson"; readonly node: NodeId }
  | { readonly kind: "csv"; readonly node: NodeId; readonly options: CsvOptions }
  | { readonly kind: "checkpoint"; readonly node: NodeId }
  | {
      readonly kind: "columns";
      readonly node: NodeId;
      readonly format: ColumnarFormat;
      /** Its schema is what the batches have: declared, or found before the run. */
      readonly options: ColumnarReadOptions & { readonly schema: Schema };
      /** Names of the wanted columns of the schema, in the order of the batches; all where not set. */
      readonly columns?: readonly string[];
      /** Rows for which it is not true may be left out. */
      readonly pruning?: Expr;
      /** Of Parquet: only some row groups of each task are read, which is enough for a sample of its rows. */
      readonly sampled?: true;
    }
  /** A source of others; its code is the function of the node. */
  | {
      readonly kind: "source";
      readonly node: NodeId;
      readonly name: string;
      /** Of the batches. */
      readonly schema: Schema;
      /** Tagged JSON of the filters that the source took. */
      readonly filtersJson: string;
    }
  /** Rows that stand in the plan, all in one task. */
  | {
      readonly kind: "values";
      readonly node: NodeId;
      readonly rowsJson: string;
      readonly schema?: Schema;
    }
  /** Of `tasks` tasks each has an even share of the numbers, in order. */
  | {
      readonly kind: "range";
      readonly node: NodeId;
      readonly start: number;
      readonly end: number;
      readonly step: number;
      readonly tasks: number;
    }
  | ShuffleSource
  /** Of a stage that only stands for what an earlier action has kept: none of its tasks is ever run. */
  | { readonly kind: "kept"; readonly node: NodeId }
  /** A task belongs to the last branch whose `firstTask` is not above its index, and counts from there. */
  | {
      readonly kind: "branches";
      readonly node: NodeId;
      readonly branches: readonly {
        readonly firstTask: number;
        readonly tasks: number;
        readonly source: SourceProgram;
        readonly operators: readonly OperatorProgram[];
      }[];
    };

/** Operators that call the user's function of their node. */
export type ClosureOperator =
  | { readonly kind: "map" | "flatMap" | "filter"; readonly node: NodeId }
  | { readonly kind: "mapPartitions" | "forEach"; readonly node: NodeId }
  | { readonly kind: "mapBatches"; readonly node: NodeId; readonly schema?: Schema }
  | {
      readonly kind: "mapAsync";
      readonly node: NodeId;
      readonly concurrency: number;
      readonly ratePerSecond: number;
    }
  /** partial: [key, value] in and out. final: [key, value] in, merged out. */
  | { readonly kind: "reduceByKey"; readonly node: NodeId; readonly phase: "partial" | "final" }
  /** partial: [key, value] in, [key, state] out. final: merges states. */
  | {
      readonly kind: "aggregateByKey";
      readonly node: NodeId;
      readonly zeroJson: string;
      readonly phase: "partial" | "final";
    }
  /** [key, value] in, [key, values] out; with `sorted` by the function's answers. */
  | { readonly kind: "groupByKey"; readonly node: NodeId; readonly sorted: boolean };

/** Which side of a join is kept in memory and probed by the rows of the pipeline. */
export interface JoinBuild {
  /** A shuffle input of the task. */
  readonly stageId: number;
  /** Rows of the pipeline are the join's left input, or its right one. */
  readonly pipeline: "left" | "right";
}

/** Operators on typed columns. Keys and expressions are over the columns of the batches that come in. */
export type ColumnOperator =
  | { readonly kind: "conform"; readonly node: NodeId; readonly schema: Schema }
  | { readonly kind: "select"; readonly node: NodeId; readonly columns: readonly NamedExpr[] }
  /** A select whose other columns only the batches tell. */
  | (Alteration & { readonly kind: "alter"; readonly node: NodeId })
  | { readonly kind: "where"; readonly node: NodeId; readonly predicate: Expr }
  /**
   * whole: rows in, results out. partial: rows in, keys and states out, a key maybe more than once.
   * final: what partial made in, results out. States are columns that aggregates name themselves.
   */
  | {
      readonly kind: "aggregate";
      readonly node: NodeId;
      readonly phase: "whole" | "partial" | "final";
      readonly keys: readonly NamedExpr[];
      readonly aggregates: readonly NamedAggregate[];
    }
  /** Stable. `rowsMax` keeps only the first rows (top-k). */
  | {
      readonly kind: "sortBy";
      readonly node: NodeId;
      readonly keys: readonly SortExpr[];
      readonly rowsMax?: number;
    }
  /** Samples of rows in, `partitions - 1` boundary rows out. */
  | {
      readonly kind: "sortBounds";
      readonly node: NodeId;
      readonly keys: readonly SortExpr[];
      readonly partitions: number;
    }
  /** The first row of those with equal columns. */
  | {
      readonly kind: "distinct";
      readonly node: NodeId;
      readonly on?: readonly string[];
      /** Set where another such step sees what this one hands on: then equal rows may come again. */
      readonly isPartial?: boolean;
    }
  | { readonly kind: "window"; readonly node: NodeId; readonly windows: readonly NamedWindow[] }
  /** Drops rows of which the limit is known not to want any, and maybe keeps some more than it wants. */
  | {
      readonly kind: "rankLimit";
      readonly node: NodeId;
      readonly partitionBy: readonly Expr[];
      readonly orderBy: readonly SortExpr[];
      readonly limit: RankLimit;
    }
  | {
      readonly kind: "explode";
      readonly node: NodeId;
      readonly column: string;
      readonly outer: boolean;
    }
  | {
      readonly kind: "sample";
      readonly node: NodeId;
      readonly fraction: number;
      readonly seed: number;
    }
  | {
      readonly kind: "join";
      readonly node: NodeId;
      readonly type: JoinType;
      readonly on: readonly { readonly left: Expr; readonly right: Expr }[];
      readonly rightNames: readonly { readonly from: string; readonly to: string }[];
      readonly condition?: Expr;
      readonly build: JoinBuild;
      /** Columns of both sides, in order, where known: what a side without any batch would have had. */
      readonly leftSchema?: Schema;
      readonly rightSchema?: Schema;
    }
  /** Rows of the pipeline that are (not) in the shuffle input `stageId`; by number with `all`. */
  | {
      readonly kind: "intersect" | "except";
      readonly node: NodeId;
      readonly all: boolean;
      readonly stageId: number;
    }
  /** Pairs of the pipeline and of the shuffle input `stageId` to [key, [lefts, rights]]. */
  | { readonly kind: "cogroup"; readonly node: NodeId; readonly stageId: number }
  /** The same to [key, [left, right]], in the order of the pipeline; with `left` also rows without a partner. */
  | {
      readonly kind: "joinByKey";
      readonly node: NodeId;
      readonly type: JoinByKeyNode["type"];
      readonly stageId: number;
    };

export type OperatorProgram =
  | ClosureOperator
  | ColumnOperator
  /** Hands on rows as they are, and counts which columns none of them had. */
  | {
      readonly kind: "watchColumns";
      readonly node: NodeId;
      /** The node's name among the makers of the needs. */
      readonly maker: string;
      readonly needs: readonly ColumnNeed[];
    }
  /** Rows as lines of tagged JSON. */
  | { readonly kind: "encodeRows"; readonly node: NodeId }
  | {
      readonly kind: "limit";
      readonly node: NodeId;
      readonly rows: number;
      /** Rows dropped first; only where one task sees all rows. */
      readonly offset?: number;
    }
  /** partial: values in, {value, count} out. final: {value, count} in, merged {value, count} out. */
  | { readonly kind: "countByValue"; readonly node: NodeId; readonly phase: "partial" | "final" }
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
  /** By stable hash of expressions; rows with equal values, null included, meet in one partition. */
  | {
      readonly kind: "hashColumns";
      /** `all`: whole rows, their columns in order of name. */
      readonly keys: readonly Expr[] | "all";
      readonly partitions: number;
    }
  /** One after the other, beginning with the partition of the task's index. */
  | { readonly kind: "even"; readonly partitions: number }
  /** By the number that the user's function of the node answers, modulo the partitions. */
  | { readonly kind: "closure"; readonly node: NodeId; readonly partitions: number }
  /** As `holdAndSample` and `range`, by expressions. */
  | {
      readonly kind: "holdAndSampleBy";
      readonly keys: readonly SortExpr[];
      readonly samplePartition: number;
      readonly samplesMax: number;
    }
  /** To partition 0 a deterministic sample, of `samplesMax` to twice as many rows where there are so many. */
  | { readonly kind: "sampleBy"; readonly keys: readonly SortExpr[]; readonly samplesMax: number }
  | {
      readonly kind: "rangeBy";
      readonly keys: readonly SortExpr[];
      readonly boundsStageId: number;
      readonly partitions: number;
    }
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
  /** Columns as an Arrow IPC stream in base64. `schema`: those that rows would have, where it is known. */
  | { readonly kind: "arrow"; readonly schema?: Schema }
  | { readonly kind: "count" }
  /** Rows to the sink of others whose code is the function of the node; the result is what it staged. */
  | { readonly kind: "stage"; readonly node: NodeId; readonly name: string }
  /** Publishes the staged parts, which are the rows, or removes what was staged. */
  | {
      readonly kind: "publish" | "discard";
      readonly node: NodeId;
      readonly name: string;
      readonly writeIndex: number;
    }
  | {
      readonly kind: "output";
      readonly format: OutputFormat;
      readonly folderUri: string;
      readonly options?: WriteOptions;
    };

export interface TaskProgram {
  /** Each operator is measured; the counts are among the task's counters. */
  readonly analyze?: true;
  readonly source: SourceProgram;
  readonly operators: readonly OperatorProgram[];
  readonly sink: SinkProgram;
}
