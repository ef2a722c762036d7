// What column expressions are at run time: plan expressions, with the windows that they stand on.

import { EngineError } from "../../proto/errors.ts";
import type {
  AggregateCall,
  Expr,
  FrameBound,
  NamedWindow,
  SortExpr,
  WindowCall,
  WindowFrame,
} from "../../proto/plan/expr.ts";
import { windowText } from "../../proto/plan/expr-text.ts";
import { literalOf } from "./literal.ts";
import { checkOptionNames } from "./option-names.ts";
import type { Frame, FrameEnd, WindowOptions } from "./window.ts";

/** Windows to be computed first; those of one layer may read the columns of the layers before. */
export type WindowLayers = readonly (readonly NamedWindow[])[];

function mergeLayers(all: readonly WindowLayers[]): WindowLayers {
  const depth = Math.max(0, ...all.map((layers) => layers.length));
  return Array.from({ length: depth }, (_, index) => {
    const windows = all.flatMap((layers) => layers[index] ?? []);
    return [...new Map(windows.map((window) => [window.name, window])).values()];
  });
}

/** Whatever stands on windows. */
export interface Windowed {
  readonly layers: WindowLayers;
}

/** The windows that several things stand on, each once. */
export function layersOf(parts: readonly Windowed[]): WindowLayers {
  return mergeLayers(parts.map(({ layers }) => layers));
}

/** An expression. Its methods are added by `methods.ts`, from the tables of functions. */
export class ColumnValue implements Windowed {
  readonly expr: Expr;
  readonly layers: WindowLayers;

  constructor(expr: Expr, layers: WindowLayers = []) {
    this.expr = Object.freeze(expr);
    this.layers = layers;
  }

  /** Asked for by `+`, `<`, `==` and templates, which would answer something for no row at all. */
  [Symbol.toPrimitive](): never {
    throw new EngineError(
      "PLAN_INVALID",
      "a column stands for the values of all rows, which JavaScript's operators do not see: " +
        "write c.a.add(1), c.a.gt(30), c.a.eq(c.b), concat(c.a, c.b)",
    );
  }
}

/** An expression of whatever may be an operand. Throws PLAN_INVALID. */
export function toColumn(operand: unknown): ColumnValue {
  if (operand instanceof ColumnValue) return operand;
  if (operand instanceof AggregateValue || operand instanceof WindowFunctionValue) {
    throw new EngineError(
      "PLAN_INVALID",
      `${operand.name} stands for many rows and cannot be used here: put it into agg, or add .over({ … })`,
    );
  }
  if (operand instanceof SortTermValue) {
    throw new EngineError("PLAN_INVALID", "asc() and desc() are for sorting only");
  }
  return new ColumnValue(literalOf(operand));
}

export function callOf(name: string, operands: readonly unknown[]): ColumnValue {
  const args = operands.map(toColumn);
  const exprs = Object.freeze(args.map(({ expr }) => expr));
  return new ColumnValue({ kind: "call", name, args: exprs }, layersOf(args));
}

/** How an expression orders rows. */
export class SortTermValue implements Windowed {
  readonly sort: SortExpr;
  readonly layers: WindowLayers;

  constructor(sort: SortExpr, layers: WindowLayers) {
    this.sort = Object.freeze(sort);
    this.layers = layers;
  }

  nullsFirst(): SortTermValue {
    return new SortTermValue({ ...this.sort, nulls: "first" }, this.layers);
  }

  nullsLast(): SortTermValue {
    return new SortTermValue({ ...this.sort, nulls: "last" }, this.layers);
  }
}

export function ascending(column: ColumnValue): SortTermValue {
  return new SortTermValue({ expr: column.expr, direction: "asc", nulls: "first" }, column.layers);
}

export function descending(column: ColumnValue): SortTermValue {
  return new SortTermValue({ expr: column.expr, direction: "desc", nulls: "last" }, column.layers);
}

/** A bare expression is sorted in ascending order. */
export function toSortTerm(term: unknown): SortTermValue {
  return term instanceof SortTermValue ? term : ascending(toColumn(term));
}

/** An aggregate, which `over` makes an expression. */
export class AggregateValue implements Windowed {
  readonly call: AggregateCall;
  readonly layers: WindowLayers;

  constructor(call: AggregateCall, layers: WindowLayers) {
    this.call = Object.freeze(call);
    this.layers = layers;
  }

  get name(): string {
    return this.call.function;
  }

  distinct(): AggregateValue {
    return new AggregateValue({ ...this.call, distinct: true }, this.layers);
  }

  where(condition: unknown): AggregateValue {
    const column = toColumn(condition);
    const { filter } = this.call;
    const both = filter === undefined ? column : callOf("and", [new ColumnValue(filter), column]);
    const layers = layersOf([this, column]);
    return new AggregateValue({ ...this.call, filter: both.expr }, layers);
  }

  over(window: WindowOptions): ColumnValue {
    const { distinct, filter, args } = this.call;
    if (distinct || filter !== undefined) {
      throw new EngineError(
        "PLAN_INVALID",
        `${this.name}: over a window an aggregate can be neither distinct nor filtered; ` +
          "use when(condition).then(value) for the value",
      );
    }
    return overWindow(this.name, args, this.layers, window);
  }
}

export function aggregateOf(name: string, operands: readonly unknown[]): AggregateValue {
  const args = operands.map(toColumn);
  const exprs = Object.freeze(args.map(({ expr }) => expr));
  return new AggregateValue({ function: name, args: exprs, distinct: false }, layersOf(args));
}

/** A window function before it is told its window. */
export class WindowFunctionValue implements Windowed {
  readonly name: string;
  readonly args: readonly Expr[];
  readonly layers: WindowLayers;

  constructor(name: string, operands: readonly unknown[]) {
    const args = operands.map(toColumn);
    this.name = name;
    this.args = Object.freeze(args.map(({ expr }) => expr));
    this.layers = layersOf(args);
  }

  over(window: WindowOptions): ColumnValue {
    return overWindow(this.name, this.args, this.layers, window);
  }
}

function listOf(given: unknown): readonly unknown[] {
  if (given === undefined) return [];
  return Array.isArray(given) ? given : [given];
}

function overWindow(
  name: string,
  args: readonly Expr[],
  layers: WindowLayers,
  options: WindowOptions,
): ColumnValue {
  checkOptionNames("over", options, ["partitionBy", "orderBy", "frame"]);
  checkOptionNames("a frame of over", options.frame, ["unit", "start", "end"]);
  const partitions = listOf(options.partitionBy).map(toColumn);
  const orders = listOf(options.orderBy).map(toSortTerm);
  const call: WindowCall = Object.freeze({
    function: name,
    args,
    partitionBy: Object.freeze(partitions.map(({ expr }) => expr)),
    orderBy: Object.freeze(orders.map(({ sort }) => sort)),
    frame: frameOf(options.frame, orders.length > 0),
  });
  // Named by what it is, so that equal windows are computed once.
  const named = Object.freeze({ name: windowText(call), call });
  const before = layersOf([{ layers }, ...partitions, ...orders]);
  return new ColumnValue({ kind: "column", name: named.name }, [...before, [named]]);
}

function frameOf(frame: Frame | undefined, isOrdered: boolean): WindowFrame {
  const { unit, start = "unbounded", end } = frame ?? {};
  const usual = isOrdered ? 0 : "unbounded";
  const made = {
    unit: unit ?? (isOrdered && frame === undefined ? "peers" : "rows"),
    start: boundOf(start),
    end: boundOf(end ?? usual),
  } as const;
  if (
    made.start.kind === "offset" &&
    made.end.kind === "offset" &&
    made.start.rows > made.end.rows
  ) {
    throw new EngineError(
      "PLAN_INVALID",
      `a frame from ${made.start.rows} to ${made.end.rows} ends before it begins`,
    );
  }
  return Object.freeze(made);
}

function boundOf(end: FrameEnd): FrameBound {
  if (end === "unbounded") return { kind: "unbounded" };
  if (Number.isSafeInteger(end)) return { kind: "offset", rows: end };
  throw new EngineError(
    "PLAN_INVALID",
    `a frame begins or ends at ${String(end)}; give a whole number of rows or "unbounded"`,
  );
}

/** The columns of a dataset as a function is given them: any name is a column, the planner checks. */
export function columnsProxy(prefix = ""): unknown {
  const column = (name: string) => new ColumnValue({ kind: "column", name: prefix + name });
  return new Proxy(column, {
    get: (_, name) => {
      // Symbols are asked for by what prints or awaits values, not by jobs.
      return typeof name === "string" ? column(name) : undefined;
    },
    apply: (_, __, [name]) => column(String(name)),
  });
}
