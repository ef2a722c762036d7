// Logical plan nodes: frozen plain data that the typed Dataset shell wraps and the planner rewrites.

import type {
  Expr,
  NamedAggregate,
  NamedExpr,
  NamedWindow,
  RankLimit,
  SortDirection,
  SortExpr,
} from "./expr.ts";
import type { Schema } from "./types.ts";

export type { SortDirection } from "./expr.ts";

/** Closures are named by the id of the node that holds them; ids follow the order of creation in `run`. */
export type NodeId = number;

/** Sort by a named column, by the value itself (`"value"` of a scalar dataset), or by a closure's answer. */
export interface SortKey {
  readonly by: { readonly kind: "column"; readonly name: string } | { readonly kind: "closure" };
  readonly direction: SortDirection;
}

/** How one CSV column is converted; `string` keeps it as it stands. */
export type CsvColumnType = "string" | "number" | "bigint" | "boolean";

export interface CsvOptions {
  /** Whether the first record names the columns; without a header they are `c0`, `c1`, … */
  readonly header: boolean;
  readonly delimiter: string;
  readonly columns: Readonly<Record<string, CsvColumnType>>;
}

/** Formats whose files carry, or are given, a schema: they are read into typed columns. */
export type ColumnarFormat = "parquet" | "arrow" | "csv" | "ndjson";

/** How files are read into columns. What is not set is taken from the files, or is as usual. */
export interface ColumnarReadOptions {
  /** What was declared; files must fit it. Without it the files' own schema, or one inferred from samples. */
  readonly schema?: Schema;
  /** CSV: whether the first record names the columns (else `c0`, `c1`, …). */
  readonly header?: boolean;
  /** CSV: one character. */
  readonly delimiter?: string;
  /** CSV: what stands for null, beside nothing between two delimiters. */
  readonly nullText?: string;
  /** Folders `name=value` below the pattern are columns too. */
  readonly partitionColumns?: boolean;
}

interface NodeBase {
  readonly id: NodeId;
}

interface UnaryNode extends NodeBase {
  readonly input: LogicalNode;
}

/** Reads files as rows. */
export type RowReadNode =
  | (NodeBase & { readonly kind: "readText" | "readNdjson"; readonly pattern: string })
  /** What a checkpoint wrote; its folder, ending in '/'. */
  | (NodeBase & { readonly kind: "readCheckpoint"; readonly pattern: string })
  | (NodeBase & {
      readonly kind: "readCsv";
      readonly pattern: string;
      readonly options: CsvOptions;
    });

/** Reads files as typed columns. */
export interface ColumnarReadNode extends NodeBase {
  readonly kind: "readColumns";
  readonly format: ColumnarFormat;
  readonly pattern: string;
  readonly options: ColumnarReadOptions;
  /** Columns that are wanted, in their order; all where it is not set. Set by the optimizer. */
  readonly columns?: readonly string[];
  /** Rows that do not fit it may be left out by the source, but need not. Set by the optimizer. */
  readonly pruning?: Expr;
}

/** Rows that stand in the plan itself, as tagged JSON of an array. */
export interface ValuesNode extends NodeBase {
  readonly kind: "values";
  readonly rowsJson: string;
  readonly rows: number;
  readonly schema?: Schema;
}

/** Whole numbers from `start` (included) to `end` (excluded) in the column `value`. */
export interface RangeNode extends NodeBase {
  readonly kind: "range";
  readonly start: number;
  readonly end: number;
  readonly step: number;
  /** Tasks that make them, where the program says so. */
  readonly partitions?: number;
}

/** Reads a source of others; its code is the function of the node. */
export interface SourceReadNode extends NodeBase {
  readonly kind: "readSource";
  readonly name: string;
  /** What is read, for people and for digests. */
  readonly about: string;
  readonly options: { readonly schema?: Schema };
  readonly columns?: readonly string[];
  /** Offered to the source, which says what of it is left out for certain. Set by the optimizer. */
  readonly pruning?: Expr;
}

export type ReadNode = RowReadNode | ColumnarReadNode | SourceReadNode | ValuesNode | RangeNode;

/** One row at a time, or some at a time, through the user's function. */
export type ClosureNode = UnaryNode &
  (
    | { readonly kind: "map" | "flatMap" | "filter" }
    /** The function gets an iterator of the rows of one task. */
    | { readonly kind: "mapPartitions" }
    /** The function gets typed-array columns of one batch. `schema` is what it answers, where declared. */
    | { readonly kind: "mapBatches"; readonly schema?: Schema }
    | {
        readonly kind: "mapAsync";
        /** Calls under way at once in one task. */
        readonly concurrency: number;
        /** Calls begun per second by all tasks together; 0 for no bound. */
        readonly ratePerSecond: number;
      }
    /** Checks or converts rows into columns of this schema; a row that does not fit ends the job. */
    | { readonly kind: "conform"; readonly schema: Schema }
  );

/** Rows are pairs `[key, value]`, unless said otherwise. */
export type KeyedNode = UnaryNode &
  (
    | { readonly kind: "countByValue" }
    | { readonly kind: "reduceByKey" }
    /** The function is called with `"add"`, a state and a value, or with `"merge"` and two states. */
    | { readonly kind: "aggregateByKey"; readonly zeroJson: string }
    /** To `[key, values]`; with `sorted` the values are in the order of a function's answers. */
    | { readonly kind: "groupByKey"; readonly sorted: boolean }
    /** Rows to tasks: by a function's number, or by hash of expressions, or evenly. */
    | {
        readonly kind: "repartition";
        readonly partitions: number;
        readonly by: "closure" | "even" | readonly Expr[];
      }
  );

export type JoinType = "inner" | "left" | "right" | "full" | "semi" | "anti" | "cross";

export interface JoinKey {
  /** Over the columns of the left input. */
  readonly left: Expr;
  readonly right: Expr;
}

export interface ColumnRename {
  readonly from: string;
  readonly to: string;
}

export interface JoinNode extends NodeBase {
  readonly kind: "join";
  readonly left: LogicalNode;
  readonly right: LogicalNode;
  readonly type: JoinType;
  /** Equal in rows that match; null equals nothing. */
  readonly on: readonly JoinKey[];
  /**
   * Columns of the result. Those of the right input that are named like one of the left are left out where
   * both are joined on by that name, else renamed by `rightNames`.
   */
  readonly rightNames: readonly ColumnRename[];
  /** Holds of rows that match, over left and renamed right columns. */
  readonly condition?: Expr;
  /**
   * The right (or left) input is sent whole to every task of the other, or both are cut by their keys. Set by
   * a hint, or by the optimizer once it knows the sizes.
   */
  readonly strategy?: "broadcast" | "broadcastLeft" | "shuffle";
}

/** Work on typed columns. */
export type ColumnNode = UnaryNode &
  (
    | { readonly kind: "select"; readonly columns: readonly NamedExpr[] }
    /**
     * The input's columns without some, some of them renamed; then others in the places of those of their
     * name, or at the end. Expressions read the input's columns by their names there. It is a `select` whose
     * other columns only the schema tells.
     */
    | {
        readonly kind: "alter";
        readonly drop: readonly string[];
        readonly rename: readonly ColumnRename[];
        readonly columns: readonly NamedExpr[];
      }
    | { readonly kind: "where"; readonly predicate: Expr }
    /** Without keys one row, even of no input. */
    | {
        readonly kind: "aggregate";
        readonly keys: readonly NamedExpr[];
        readonly aggregates: readonly NamedAggregate[];
      }
    /** Stable: rows with equal keys stay in their order. `rowsMax` (top-k) is set by the optimizer. */
    | { readonly kind: "sortBy"; readonly keys: readonly SortExpr[]; readonly rowsMax?: number }
    /** One row of those with equal columns: the first. All columns where `on` is not set. */
    | { readonly kind: "distinct"; readonly on?: readonly string[] }
    /**
     * The input's columns and one for each window. `limit` is set by the optimizer, where a step above drops the other
     * rows anyway and all windows are numbers by the same partitions and order: these rows may be missing.
     */
    | {
        readonly kind: "window";
        readonly windows: readonly NamedWindow[];
        readonly limit?: RankLimit;
      }
    /** Each row with each item of its list in the list's place; `outer` keeps rows with none. */
    | { readonly kind: "explode"; readonly column: string; readonly outer: boolean }
    /** Each row with this chance, by a hash of seed, task and row number. */
    | { readonly kind: "sample"; readonly fraction: number; readonly seed: number }
  );

export interface UnionNode extends NodeBase {
  readonly kind: "union";
  /** All rows of the first, then of the second, …; columns by name. */
  readonly inputs: readonly LogicalNode[];
}

export interface SetNode extends NodeBase {
  readonly kind: "intersect" | "except";
  readonly left: LogicalNode;
  readonly right: LogicalNode;
  /** Whether rows that occur several times are matched one by one (SQL's ALL). */
  readonly all: boolean;
}

/** Rows of both inputs by key, as `[key, [values of left, values of right]]`. */
export interface CogroupNode extends NodeBase {
  readonly kind: "cogroup";
  readonly left: LogicalNode;
  readonly right: LogicalNode;
}

/** Pairs of both inputs with the same key, as `[key, [value of left, value of right]]`; with `left` also those alone. */
export interface JoinByKeyNode extends NodeBase {
  readonly kind: "joinByKey";
  readonly type: "inner" | "left";
  readonly left: LogicalNode;
  readonly right: LogicalNode;
}

export type LogicalNode =
  | ReadNode
  | ClosureNode
  | KeyedNode
  | ColumnNode
  | JoinNode
  | UnionNode
  | SetNode
  | CogroupNode
  | JoinByKeyNode
  | (UnaryNode & {
      readonly kind: "orderBy";
      readonly key: SortKey;
      /** Only the first rows are wanted (top-k); set by the optimizer, never by a job. */
      readonly rowsMax?: number;
    })
  | (UnaryNode & { readonly kind: "limit"; readonly rows: number; readonly offset?: number })
  | CacheNode
  | KeptNode;

/** Made once in this job and kept on the disks of the workers. */
export interface CacheNode extends UnaryNode {
  readonly kind: "cache";
}

/**
 * Stands for a `cache` that an earlier action of the job has made, and has its id: plans end here, however long
 * the way was that led to it. Put in by the driver, never by a job.
 */
export interface KeptNode extends NodeBase {
  readonly kind: "kept";
  /** To be planned from where the rows are gone. */
  readonly cache: CacheNode;
}

/** `checkpoint`: rows as engines hand them to each other, for the engine itself. */
export type OutputFormat = "text" | "ndjson" | "arrow" | "csv" | "parquet" | "checkpoint";

/** How an output is written; what is not set is as usual. */
export interface WriteOptions {
  /** Columns whose values become folders `name=value`. */
  readonly partitionBy?: readonly string[];
  /** Files are closed at about this size. */
  readonly fileBytesTarget?: number;
  readonly compression?: "none" | "gzip" | "zstd" | "snappy";
  /** CSV: whether the first record names the columns. */
  readonly header?: boolean;
  readonly delimiter?: string;
  /** Checkpoints: the columns of all rows, where they are known before the run. */
  readonly schema?: Schema;
}

/** What makes a plan run. `take(n)` is a collect over a limit. */
export type Action =
  | { readonly kind: "collect"; readonly input: LogicalNode }
  /**
   * All rows, to be read piece by piece: of an output of this folder where the driver has one for that, else of the
   * recorded result. The driver says so when it plans; no part of what every run of the program says alike.
   */
  | { readonly kind: "rows"; readonly input: LogicalNode; readonly folderUri?: string }
  /**
   * All rows, to be read again as they are: to this folder, or to one that the driver has for that. It says so when it
   * plans, as for `rows`.
   */
  | { readonly kind: "checkpoint"; readonly input: LogicalNode; readonly folderUri?: string }
  /** All rows as the columns they are, as one stream of Arrow. */
  | { readonly kind: "toArrow"; readonly input: LogicalNode }
  | { readonly kind: "count"; readonly input: LogicalNode }
  /** Tells by what plans the rows would be collected, and makes none. */
  | { readonly kind: "explain"; readonly input: LogicalNode }
  /** Makes all rows, drops them, and measures each operator. */
  | { readonly kind: "analyze"; readonly input: LogicalNode }
  /** Calls the function of this id with an iterator of the rows of one task, and awaits it; answers nothing. */
  | { readonly kind: "forEach"; readonly input: LogicalNode; readonly id: NodeId }
  /** Hands the rows to the sink of this id, which keeps them unseen; answers what was staged. */
  | {
      readonly kind: "stage";
      readonly input: LogicalNode;
      readonly id: NodeId;
      readonly name: string;
      readonly target: string;
    }
  /** Lets the sink of this id publish what the action of number `writeIndex` staged: the rows are its parts. */
  | {
      readonly kind: "publish";
      readonly input: LogicalNode;
      readonly id: NodeId;
      readonly name: string;
      readonly target: string;
      readonly writeIndex: number;
    }
  | {
      readonly kind: "write";
      readonly input: LogicalNode;
      readonly format: OutputFormat;
      /** Folder URI, absolute, ending in '/'. */
      readonly folderUri: string;
      readonly options?: WriteOptions;
    };
