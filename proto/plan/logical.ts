// Logical plan nodes: frozen plain data that the typed Dataset shell wraps and the planner rewrites.

/** Closures are named by the id of the node that holds them; ids follow the order of creation in `run`. */
export type NodeId = number;

export type SortDirection = "asc" | "desc";

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

export type LogicalNode =
  | { readonly kind: "readText"; readonly id: NodeId; readonly pattern: string }
  | { readonly kind: "readNdjson"; readonly id: NodeId; readonly pattern: string }
  | {
      readonly kind: "readCsv";
      readonly id: NodeId;
      readonly pattern: string;
      readonly options: CsvOptions;
    }
  | { readonly kind: "map"; readonly id: NodeId; readonly input: LogicalNode }
  | { readonly kind: "flatMap"; readonly id: NodeId; readonly input: LogicalNode }
  | { readonly kind: "filter"; readonly id: NodeId; readonly input: LogicalNode }
  | { readonly kind: "countByValue"; readonly id: NodeId; readonly input: LogicalNode }
  | { readonly kind: "reduceByKey"; readonly id: NodeId; readonly input: LogicalNode }
  | {
      readonly kind: "orderBy";
      readonly id: NodeId;
      readonly input: LogicalNode;
      readonly key: SortKey;
      /** Only the first rows are wanted (top-k); set by the optimizer, never by a job. */
      readonly rowsMax?: number;
    }
  | {
      readonly kind: "limit";
      readonly id: NodeId;
      readonly input: LogicalNode;
      readonly rows: number;
    };

export type OutputFormat = "text" | "ndjson" | "arrow";

/** What makes a plan run. `take(n)` is a collect over a limit. */
export type Action =
  | { readonly kind: "collect"; readonly input: LogicalNode }
  | { readonly kind: "count"; readonly input: LogicalNode }
  | {
      readonly kind: "write";
      readonly input: LogicalNode;
      readonly format: OutputFormat;
      /** Folder URI, absolute, ending in '/'. */
      readonly folderUri: string;
    };
