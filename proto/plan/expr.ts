// Column expressions as frozen plain data: typed by the SDK, checked by the planner, evaluated by kernels.

import type { DataType } from "./types.ts";

export type Expr =
  | { readonly kind: "column"; readonly name: string }
  /**
   * `text` is null for null, else: digits of whole numbers, days and microseconds; `String(x)` of a float64
   * ("-0" for minus zero); "true" or "false"; a string itself; a decimal's digits with its point; base64 of
   * bytes; tagged JSON of the rest.
   */
  | { readonly kind: "literal"; readonly type: DataType; readonly text: string | null }
  /** `name` is a key of the table of scalar functions. */
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Expr[] }
  | {
      readonly kind: "cast";
      readonly input: Expr;
      readonly to: DataType;
      /** What becomes of a value that the type cannot hold. */
      readonly onFailure: "error" | "null";
    }
  /** The first branch whose condition is true; `otherwise` (else null) where none is. */
  | {
      readonly kind: "case";
      readonly branches: readonly { readonly when: Expr; readonly result: Expr }[];
      readonly otherwise?: Expr;
    };

/** A column of a result. */
export interface NamedExpr {
  readonly name: string;
  readonly expr: Expr;
}

export type SortDirection = "asc" | "desc";

export interface SortExpr {
  readonly expr: Expr;
  readonly direction: SortDirection;
  /** Nulls come first in `asc` and last in `desc` unless told. */
  readonly nulls: "first" | "last";
}

/** One aggregate over the rows of a group; `name` of the function is a key of the table of aggregates. */
export interface AggregateCall {
  readonly function: string;
  readonly args: readonly Expr[];
  /** Only different values count. */
  readonly distinct: boolean;
  /** Only rows for which it is true count. */
  readonly filter?: Expr;
}

export interface NamedAggregate {
  readonly name: string;
  readonly call: AggregateCall;
}

export type FrameBound =
  | { readonly kind: "unbounded" }
  /** Rows before (negative) or after (positive) the current one; 0 is the current row. */
  | { readonly kind: "offset"; readonly rows: number };

/** `peers`: rows that the order does not tell apart belong to a frame together. */
export interface WindowFrame {
  readonly unit: "rows" | "peers";
  readonly start: FrameBound;
  readonly end: FrameBound;
}

/** Over the rows with equal `partitionBy`, in the order of `orderBy`. */
export interface WindowCall {
  /** `rowNumber`, `rank`, `denseRank`, `lag`, `lead`, … or the name of an aggregate. */
  readonly function: string;
  readonly args: readonly Expr[];
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortExpr[];
  readonly frame: WindowFrame;
}

export interface NamedWindow {
  readonly name: string;
  readonly call: WindowCall;
}

/** Of the rows of each partition of a window only those with one of the first numbers by this function are wanted. */
export interface RankLimit {
  readonly function: "rowNumber" | "rank" | "denseRank";
  readonly rowsMax: number;
}

/** The expression with each direct part replaced; the same object where nothing changed. */
export function mapParts(expr: Expr, change: (part: Expr) => Expr): Expr {
  switch (expr.kind) {
    case "column":
    case "literal":
      return expr;
    case "call": {
      const args = expr.args.map(change);
      return args.every((arg, index) => arg === expr.args[index]) ? expr : { ...expr, args };
    }
    case "cast": {
      const input = change(expr.input);
      return input === expr.input ? expr : { ...expr, input };
    }
    case "case":
      return mapCase(expr, change);
  }
}

function mapCase(expr: Extract<Expr, { kind: "case" }>, change: (part: Expr) => Expr): Expr {
  const branches = expr.branches.map(({ when, result }) => ({
    when: change(when),
    result: change(result),
  }));
  const otherwise = expr.otherwise && change(expr.otherwise);
  const same =
    otherwise === expr.otherwise &&
    branches.every(({ when, result }, index) => {
      const before = expr.branches[index]!;
      return when === before.when && result === before.result;
    });
  if (same) return expr;
  return { kind: "case", branches, ...(otherwise === undefined ? {} : { otherwise }) };
}

/** Names of all columns that the expression reads, in order of first appearance. */
export function columnsOf(expr: Expr, found: Set<string> = new Set()): Set<string> {
  if (expr.kind === "column") found.add(expr.name);
  mapParts(expr, (part) => {
    columnsOf(part, found);
    return part;
  });
  return found;
}
