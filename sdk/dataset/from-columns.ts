// From what a job gives to a step (a function of the columns, or expressions) to the parts of a plan.

import { EngineError } from "../../proto/errors.ts";
import type { NamedExpr } from "../../proto/plan/expr.ts";
import { columnsProxy, layersOf, type WindowLayers } from "../columns/build.ts";
import type { Available, Columns } from "../columns/column-for.ts";
import type { Expression } from "../columns/expression.ts";
import { checkedColumn } from "../columns/free.ts";
import { type DatasetBase, step } from "./dataset-base.ts";

/** Expressions by the names of the columns that they become. */
export type Expressions<T> = Readonly<Record<string, Expression<unknown, Available<T>>>>;

/** Something made of the columns of a dataset, or a function that makes it of them. */
export type FromColumns<T, Made> = Made | ((columns: Columns<T>) => Made);

/** What a function makes of the columns, or what was given in its place. */
export function made<T, Made>(given: FromColumns<T, Made>): Made {
  if (typeof given !== "function") return given;
  return (given as (columns: Columns<T>) => Made)(columnsProxy() as Columns<T>);
}

/** Columns of a plan, with the windows that they stand on. */
export interface NamedColumns {
  readonly columns: readonly NamedExpr[];
  readonly layers: WindowLayers;
}

/** Throws PLAN_INVALID, naming the method, for what is no object of expressions. */
export function namedColumns(method: string, given: unknown): NamedColumns {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new EngineError(
      "PLAN_INVALID",
      `${method} was given ${given === null ? "null" : typeof given}, not an object of expressions by their names`,
    );
  }
  const parts = Object.entries(given).map(([name, value]) => ({
    name,
    column: checkedColumn(`${method}: ${name}`, value),
  }));
  return {
    columns: parts.map(({ name, column }) => Object.freeze({ name, expr: column.expr })),
    layers: layersOf(parts.map(({ column }) => column)),
  };
}

/** The dataset with columns for the windows that expressions stand on. */
export function withWindows<T>(from: DatasetBase<T>, layers: WindowLayers): DatasetBase<T> {
  return layers.reduce<DatasetBase<T>>(
    (input, windows) => step<T>(input, { kind: "window", windows }),
    from,
  );
}

/** The names of the columns of windows, which are to be left out again. */
export function windowNames(layers: WindowLayers): readonly string[] {
  return layers.flatMap((windows) => windows.map(({ name }) => name));
}
