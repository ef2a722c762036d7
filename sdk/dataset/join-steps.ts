// Steps on several datasets: joins, and sets of rows.

import { EngineError } from "../../proto/errors.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import type { JoinKey, JoinType } from "../../proto/plan/logical.ts";
import { checkOptionNames } from "../columns/option-names.ts";
import type { Dataset } from "./dataset.ts";
import { type DatasetBase, derive, nodeOf, otherNode, sameRows, step } from "./dataset-base.ts";
import { GroupSteps } from "./group-steps.ts";
import { joinCondition } from "./join-condition.ts";
import type {
  JoinedNames,
  JoinName,
  JoinOn,
  JoinOptions,
  JoinProblem,
  JoinRow,
  OfferedNames,
  OtherColumns,
} from "./join-types.ts";

type NoNames = Record<never, never>;

/** Datasets that were marked by `broadcast`. */
const broadcasts = new WeakSet<DatasetBase<unknown>>();

/**
 * Marks a dataset as small: a join sends it whole to every task, and the rows of the other stay where they are.
 * What functions capture needs no mark: it travels with the job.
 * @param dataset the right one of a join
 * @example flights.join(broadcast(airports), "origin")
 */
export function broadcast<T>(dataset: Dataset<T>): Dataset<T> {
  const marked = sameRows(dataset);
  broadcasts.add(marked);
  return marked;
}

/** `join`, `union` and their like. */
export abstract class JoinSteps<out T> extends GroupSteps<T> {
  /**
   * Joins rows of two datasets where columns of the same name are equal, or a condition is true. Null equals
   * nothing. Columns that are joined on by name are there once; other columns that both have must be renamed.
   *
   * `"inner"` keeps what matches; `"left"`, `"right"` and `"full"` also the rows of that side, or of both, that
   * match nothing, with null in the other's columns; `"semi"` and `"anti"` keep the left rows that match
   * something or nothing, and no columns of the right.
   * @param other the right dataset; the same one for a self-join
   * @param on a name, names, or a function from the columns of both to a condition
   * @param options the type of the join, or more options
   * @throws PLAN_INVALID for a condition with a window
   * @example flights.join(airports, "origin")
   * @example flights.join(airports, "origin", "left")
   * @example
   * flights.join(airports, (flight, airport) => flight.destination.eq(airport.origin), {
   *   rename: { origin: "airport" },
   * })
   */
  join<
    Left,
    Right,
    const Name extends JoinName<Left, Right> = never,
    Type extends JoinType = "inner",
    const Names extends { readonly [Key in keyof Right]?: string } = NoNames,
  >(
    this: Dataset<Left>,
    other: Dataset<Right>,
    on:
      | OfferedNames<Left, Right, JoinedNames<Left, Right, Name>>
      | (JoinOn<Left, Right, Name> &
          JoinProblem<Left, Right, JoinedNames<Left, Right, Name>, Type, Names>),
    options?: Type | JoinOptions<Type, Names>,
  ): Dataset<JoinRow<Left, Right, JoinedNames<Left, Right, Name>, Type, Names>> {
    return joined(this, other, on, options);
  }

  /**
   * Each row of this dataset with each row of the other.
   * @param other the right dataset
   * @param options other names for its columns, where both have one of that name
   * @example shops.crossJoin(quarters)
   */
  crossJoin<Left, Right, const Names extends { readonly [Key in keyof Right]?: string } = NoNames>(
    this: Dataset<Left>,
    other: Dataset<Right> & JoinProblem<Left, Right, never, "cross", Names>,
    options: Pick<JoinOptions<"cross", Names>, "rename" | "strategy"> = {},
  ): Dataset<JoinRow<Left, Right, never, "cross", Names>> {
    return joined(this, other, [], { ...options, type: "cross" });
  }

  /**
   * The rows of this dataset, then those of the others, duplicates kept; columns are matched by name.
   * @param others datasets with the same columns
   * @example flights.union(earlierFlights)
   */
  union<Row, Others extends readonly NoInfer<Row>[]>(
    this: Dataset<Row>,
    ...others: {
      readonly [Index in keyof Others]: Dataset<Others[Index]> & OtherColumns<Row, Others[Index]>;
    }
  ): Dataset<Row> {
    const right = others.map((other) => otherNode("union", this, other));
    return derive(this, { kind: "union", inputs: [nodeOf(this), ...right] });
  }

  /**
   * The different rows that are in both datasets.
   * @param other a dataset with the same columns
   * @example
   * flights.select("tail").intersect(earlierFlights.select("tail"))
   * // => { tail: "N17" }
   */
  intersect<Row, Other extends NoInfer<Row>>(
    this: Dataset<Row>,
    other: Dataset<Other> & OtherColumns<Row, Other>,
  ): Dataset<Row> {
    return setStep(this, "intersect", other, false);
  }

  /**
   * The rows that are in both datasets, as often as in the one that has fewer of them.
   * @param other a dataset with the same columns
   * @example
   * flights.select("tail").intersectAll(earlierFlights.select("tail"))
   * // => { tail: "N17" }
   */
  intersectAll<Row, Other extends NoInfer<Row>>(
    this: Dataset<Row>,
    other: Dataset<Other> & OtherColumns<Row, Other>,
  ): Dataset<Row> {
    return setStep(this, "intersect", other, true);
  }

  /**
   * The different rows of this dataset that are not in the other.
   * @param other a dataset with the same columns
   * @example
   * flights.select("tail").except(earlierFlights.select("tail"))
   * // => { tail: null }
   */
  except<Row, Other extends NoInfer<Row>>(
    this: Dataset<Row>,
    other: Dataset<Other> & OtherColumns<Row, Other>,
  ): Dataset<Row> {
    return setStep(this, "except", other, false);
  }

  /**
   * The rows of this dataset, each as often as it is here more than in the other.
   * @param other a dataset with the same columns
   * @example
   * flights.select("tail").exceptAll(earlierFlights.select("tail"))
   * // => { tail: null } { tail: "N17" }
   */
  exceptAll<Row, Other extends NoInfer<Row>>(
    this: Dataset<Row>,
    other: Dataset<Other> & OtherColumns<Row, Other>,
  ): Dataset<Row> {
    return setStep(this, "except", other, true);
  }
}

function setStep<T>(
  from: Dataset<T>,
  kind: "intersect" | "except",
  other: Dataset<T>,
  all: boolean,
): Dataset<T> {
  const right = otherNode(all ? `${kind}All` : kind, from, other);
  return derive(from, { kind, left: nodeOf(from), right, all });
}

const joinTypes: readonly JoinType[] = ["inner", "left", "right", "full", "semi", "anti", "cross"];

interface Given {
  readonly type: JoinType;
  readonly rename: Readonly<Record<string, string>>;
  readonly strategy: "broadcast" | "shuffle" | undefined;
}

function givenOptions(other: unknown, options: unknown): Given {
  const given = (
    typeof options === "string" ? { type: options } : (options ?? {})
  ) as Partial<Given>;
  checkOptionNames("join", given, ["type", "rename", "strategy"]);
  const { type = "inner", rename = {} } = given;
  if (!joinTypes.includes(type)) {
    throw new EngineError(
      "PLAN_INVALID",
      `join: there is no type '${String(type)}'; the types are ${joinTypes.join(", ")}`,
    );
  }
  const isMarked = broadcasts.has(other as DatasetBase<unknown>);
  return { type, rename, strategy: given.strategy ?? (isMarked ? "broadcast" : undefined) };
}

interface Sides {
  readonly right: Dataset<unknown>;
  readonly on: readonly JoinKey[];
  readonly condition: Expr | undefined;
}

function joined<U>(
  from: Dataset<unknown>,
  other: unknown,
  on: unknown,
  options: unknown,
): Dataset<U> {
  const { type, rename, strategy } = givenOptions(other, options);
  otherNode("join", from, other);
  const sides = sidesOf(other as Dataset<unknown>, on, type, rename);
  if (type !== "cross" && sides.on.length === 0 && sides.condition === undefined) {
    throw new EngineError("PLAN_INVALID", "join was given nothing to join on; use crossJoin");
  }
  return derive(from, {
    kind: "join",
    left: nodeOf(from),
    right: nodeOf(sides.right),
    type,
    on: sides.on,
    rightNames: [],
    ...(sides.condition === undefined ? {} : { condition: sides.condition }),
    ...(strategy === undefined ? {} : { strategy }),
  });
}

function sidesOf(
  other: Dataset<unknown>,
  on: unknown,
  type: JoinType,
  rename: Readonly<Record<string, string>>,
): Sides {
  const newName = (name: string): string =>
    Object.hasOwn(rename, name) ? (rename[name] as string) : name;
  if (typeof on === "function") {
    return ofCondition(other, on as () => unknown, type, rename, newName);
  }
  const names: readonly unknown[] = Array.isArray(on) ? on : [on];
  const keys = names.map((name) => {
    if (typeof name === "string") return { left: column(name), right: column(newName(name)) };
    throw new EngineError("PLAN_INVALID", `join on ${typeof name}; give names or a function`);
  });
  return { right: renamed(other, rename), on: keys, condition: undefined };
}

function ofCondition(
  other: Dataset<unknown>,
  on: () => unknown,
  type: JoinType,
  rename: Readonly<Record<string, string>>,
  newName: (name: string) => string,
): Sides {
  if (type !== "semi" && type !== "anti") {
    const { keys, rest } = joinCondition(on, newName);
    return { right: renamed(other, rename), on: keys, condition: rest };
  }
  // Only what the condition reads is needed of the right, under names that the left does not have.
  const apart = (name: string): string => `right ${name}`;
  const { keys, rest, rightNames } = joinCondition(on, apart);
  const columns = rightNames.map((name) => ({ name: apart(name), expr: column(name) }));
  return { right: step(other, { kind: "select", columns }), on: keys, condition: rest };
}

const column = (name: string): Expr => Object.freeze({ kind: "column", name });

function renamed(
  other: Dataset<unknown>,
  names: Readonly<Record<string, string>>,
): Dataset<unknown> {
  const rename = Object.entries(names).map(([from, to]) => ({ from, to }));
  if (rename.length === 0) return other;
  return step(other, { kind: "alter", drop: [], rename, columns: [] });
}
