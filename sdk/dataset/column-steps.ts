// Steps on columns, by names and expressions: they are planned, pushed into files and run without row objects.

import { EngineError } from "../../proto/errors.ts";
import type { Expr, NamedExpr, SortDirection } from "../../proto/plan/expr.ts";
import type { SortKey } from "../../proto/plan/logical.ts";
import { ascending, ColumnValue, layersOf, toSortTerm } from "../columns/build.ts";
import type { Available, ColumnName, Columns, RecordOf } from "../columns/column-for.ts";
import type { Expression, Resolved, Sorting } from "../columns/expression.ts";
import { checkedColumn } from "../columns/free.ts";
import { checkOptionNames } from "../columns/option-names.ts";
import type { ColumnOf, Sortable } from "./columns.ts";
import type { Dataset } from "./dataset.ts";
import { checkedCount, step } from "./dataset-base.ts";
import {
  type Expressions,
  type FromColumns,
  made,
  namedColumns,
  windowNames,
  withWindows,
} from "./from-columns.ts";
import { KeyedSteps } from "./keyed-steps.ts";
import type {
  Exploded,
  KnownNames,
  ListName,
  Renamed,
  Selected,
  With,
  WithMade,
  Without,
} from "./row-types.ts";
import type { Closure } from "./session.ts";

const column = (name: string): Expr => Object.freeze({ kind: "column", name });

/** `select`, `where` and their like. */
export abstract class ColumnSteps<out T> extends KeyedSteps<T> {
  /**
   * Keeps some columns, and makes others.
   * @param terms names of columns to keep, and functions from the columns to new ones by their names
   * @throws PLAN_INVALID for a term that is neither
   * @example
   * flights.select("origin", "delay")
   * // => { origin: "SEA", delay: 42 } { origin: "SFO", delay: -3 } { origin: "SEA", delay: null }
   * @example flights.select("origin", (c) => ({ hours: c.delay.div(60), late: c.delay.gt(30) }))
   */
  select<
    Row,
    Name extends keyof RecordOf<Row> & string = never,
    Made extends Expressions<Row> = Record<never, never>,
  >(
    this: Dataset<Row>,
    ...terms: readonly (`${Name}` | ((columns: Columns<Row>) => Made))[]
  ): Dataset<Selected<Row, Name, Made>> {
    const parts = terms.map((term) =>
      typeof term === "string"
        ? { columns: [{ name: term, expr: column(term) }], layers: [] }
        : namedColumns("select", made<Row, Made>(term)),
    );
    const columns: NamedExpr[] = parts.flatMap((part) => part.columns);
    return step(withWindows(this, layersOf(parts)), { kind: "select", columns });
  }

  /**
   * Adds a column, or puts another in the place of one of that name.
   * @param name of the column
   * @param expression its values, or a function from the columns to them
   * @example flights.withColumn("hours", (c) => c.delay.div(60))
   * @example flights.withColumn("delay", (c) => c.delay.coalesce(0))
   */
  withColumn<Row, const Name extends string, V>(
    this: Dataset<Row>,
    name: Name | ColumnName<Row>,
    expression: FromColumns<Row, Expression<V, Available<Row>>>,
  ): Dataset<With<Row, { readonly [Key in Name]: Resolved<V, RecordOf<Row>> }>> {
    const { expr, layers } = checkedColumn("withColumn", made(expression));
    const drop = windowNames(layers);
    const columns = [{ name, expr }];
    return step(withWindows(this, layers), { kind: "alter", drop, rename: [], columns });
  }

  /**
   * Adds several columns, or puts others in the places of those of their names. They are made of the columns
   * as they were before, not of each other.
   * @param columns expressions by the names of their columns, or a function from the columns to them
   * @example flights.withColumns((c) => ({ hours: c.delay.div(60), late: c.delay.gt(30) }))
   */
  withColumns<Row, Made extends Expressions<Row>>(
    this: Dataset<Row>,
    columns: FromColumns<Row, Made>,
  ): Dataset<WithMade<Row, Made>> {
    const named = namedColumns("withColumns", made(columns));
    const drop = windowNames(named.layers);
    const draft = { kind: "alter", drop, rename: [], columns: named.columns } as const;
    return step(withWindows(this, named.layers), draft);
  }

  /**
   * Leaves columns out.
   * @param names of the columns
   * @example flights.drop("tail")
   */
  drop<Row, Name extends keyof RecordOf<Row> & string>(
    this: Dataset<Row>,
    ...names: readonly Name[]
  ): Dataset<Without<Row, Name>> {
    return step(this, { kind: "alter", drop: names, rename: [], columns: [] });
  }

  /**
   * Gives columns other names, in their places.
   * @param names the new name by the old one
   * @example flights.rename({ origin: "from", destination: "to" })
   */
  rename<Row, const Names extends Readonly<Record<string, string>>>(
    this: Dataset<Row>,
    names: { readonly [Name in ColumnName<Row>]?: string } & KnownNames<Row, Names>,
  ): Dataset<Renamed<Row, Names>> {
    const rename = Object.entries(names).map(([from, to]) => ({ from, to: String(to) }));
    return step(this, { kind: "alter", drop: [], rename, columns: [] });
  }

  /**
   * Keeps the rows for which a condition is true; not those for which it is unknown (null).
   * @param condition an expression, or a function from the columns to it
   * @example flights.where((c) => c.delay.gt(30).and(c.origin.eq("SEA")))
   * @example flights.where(col("delay").gt(30))
   */
  where<Row>(
    this: Dataset<Row>,
    condition: FromColumns<Row, Expression<boolean | null, Available<Row>>>,
  ): Dataset<Row> {
    const { expr, layers } = checkedColumn("where", notOneAnswer(made(condition)));
    const kept = step<Row>(withWindows(this, layers), { kind: "where", predicate: expr });
    return withoutWindows(kept, windowNames(layers));
  }

  /**
   * Sorts all rows. By one column or a function, rows with an equal key are ordered by the whole row, so the
   * order is always the same; by several terms they stay in the order they had.
   * @param key name of a column (`"value"` of scalar rows, `"key"` or `"value"` of pairs), or a function that
   *   answers what to sort by
   * @param direction `"asc"` unless told
   * @throws PLAN_INVALID for a direction that is neither `"asc"` nor `"desc"`
   * @example counts.orderBy("count", "desc")
   * @example
   * words.orderBy((word) => word.length)
   * // => "be" "be" "or" "to" "to" "not" "ERROR"
   * @example flights.orderBy("origin", desc("delay").nullsFirst())
   */
  orderBy<Row>(
    // Asked of `this`, so that a dataset of narrower rows stays assignable to one of wider rows.
    this: Dataset<Row>,
    key: ColumnOf<Row> | ((row: Row) => Sortable),
    direction?: SortDirection,
  ): Dataset<Row>;
  orderBy<Row>(
    this: Dataset<Row>,
    ...terms: readonly (ColumnOf<Row> | Sorting<Available<Row>>)[]
  ): Dataset<Row>;
  orderBy<Row>(this: Dataset<Row>, ...terms: readonly unknown[]): Dataset<Row> {
    const [key, direction = "asc"] = terms;
    const isKey = typeof key === "string" || typeof key === "function";
    if (isKey && (terms.length === 1 || (terms.length === 2 && typeof direction === "string"))) {
      if (direction === "asc" || direction === "desc") return orderedBy(this, key, direction);
      if (typeof key === "function") {
        throw new EngineError(
          "PLAN_INVALID",
          `orderBy: the direction is '${String(direction)}'; use "asc" or "desc"`,
        );
      }
    }
    return sortedBy(this, terms);
  }

  /**
   * Sorts all rows by expressions. Stable: rows that they do not tell apart stay in the order they had.
   * @param terms a function from the columns to what to sort by, the first term first; ascending unless told
   * @example flights.sortBy((c) => [c.origin, c.delay.desc()])
   */
  sortBy<Row>(
    this: Dataset<Row>,
    terms: FromColumns<Row, Sorting<Available<Row>> | readonly Sorting<Available<Row>>[]>,
  ): Dataset<Row> {
    const given: unknown = made(terms);
    return sortedBy(this, Array.isArray(given) ? given : [given]);
  }

  /**
   * Keeps the first rows: by the order of a preceding `orderBy`, else in the order of the input files.
   * @param rows how many, at most
   * @param offset how many rows to leave out before, none unless told
   * @throws PLAN_INVALID when `rows` or `offset` is not a whole number from 0 on
   * @example counts.orderBy("count", "desc").limit(10)
   */
  limit(rows: number, offset = 0): Dataset<T> {
    checkedCount("limit", "rows", rows, { min: 0 });
    checkedCount("limit: an offset", "rows", offset, { min: 0 });
    return step(this, { kind: "limit", rows, ...(offset === 0 ? {} : { offset }) });
  }

  /**
   * Keeps the first of the rows that are equal, in all columns or in some.
   * @param names the columns that count; all unless told
   * @example flights.select("origin", "destination").distinct()
   * @example flights.distinct("tail")
   */
  distinct<Row, Name extends keyof RecordOf<Row> & string>(
    this: Dataset<Row>,
    ...names: readonly Name[]
  ): Dataset<Row> {
    return step(this, { kind: "distinct", ...(names.length === 0 ? {} : { on: names }) });
  }

  /**
   * Puts each item of a column of lists in the list's place, in a row of its own with the other columns.
   * @param name of the column
   * @param options `outer` keeps rows whose list is empty or null, with null in its place
   * @example sales.explode("tags")
   */
  explode<Row, Name extends ListName<Row>, Outer extends boolean = false>(
    this: Dataset<Row>,
    name: Name,
    options: { readonly outer?: Outer } = {},
  ): Dataset<Exploded<Row, Name, Outer>> {
    checkOptionNames("explode", options, ["outer"]);
    return step(this, { kind: "explode", column: name, outer: options.outer === true });
  }

  /**
   * Keeps each row with the same chance; the same rows whenever the job runs over the same files.
   * @param fraction the chance, from 0 to 1
   * @param options `seed`: another one keeps other rows
   * @throws PLAN_INVALID for a fraction outside 0 to 1, or a seed that is no whole number
   * @example flights.sample(0.01)
   */
  sample(fraction: number, options: { readonly seed?: number } = {}): Dataset<T> {
    checkOptionNames("sample", options, ["seed"]);
    const { seed = 0 } = options;
    if (!(fraction >= 0 && fraction <= 1) || !Number.isSafeInteger(seed)) {
      throw new EngineError(
        "PLAN_INVALID",
        `sample of the fraction ${fraction} with the seed ${seed}; give a number from 0 to 1, and a whole seed`,
      );
    }
    return step(this, { kind: "sample", fraction, seed });
  }
}

/** What `===` between columns answers, say. */
function notOneAnswer(condition: unknown): unknown {
  if (typeof condition !== "boolean") return condition;
  throw new EngineError(
    "PLAN_INVALID",
    `where was given ${condition}, the same for all rows; compare columns by their methods, as in ` +
      "c.delay.gt(30), or rows by filter((row) => row.delay > 30)",
  );
}

function withoutWindows<T>(from: Dataset<T>, drop: readonly string[]): Dataset<T> {
  if (drop.length === 0) return from;
  return step(from, { kind: "alter", drop, rename: [], columns: [] });
}

function orderedBy<T>(from: Dataset<T>, key: unknown, direction: SortDirection): Dataset<T> {
  const isClosure = typeof key === "function";
  const by: SortKey["by"] = isClosure ? { kind: "closure" } : { kind: "column", name: String(key) };
  const sortKey = Object.freeze({ by: Object.freeze(by), direction });
  const draft = { kind: "orderBy", key: sortKey } as const;
  return step(from, draft, isClosure ? (key as Closure) : undefined);
}

function sortedBy<T>(from: Dataset<T>, terms: readonly unknown[]): Dataset<T> {
  if (terms.length === 0) {
    throw new EngineError("PLAN_INVALID", "a sort was given nothing to sort by");
  }
  const sorts = terms.map((term) =>
    toSortTerm(typeof term === "string" ? ascending(new ColumnValue(column(term))) : term),
  );
  const layers = layersOf(sorts);
  const keys = sorts.map(({ sort }) => sort);
  const sorted = step<T>(withWindows(from, layers), { kind: "sortBy", keys });
  return withoutWindows(sorted, windowNames(layers));
}
