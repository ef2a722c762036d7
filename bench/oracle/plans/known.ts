// What the generator knows of each dataset that it made, and what a step is.

import type { DataType, Field, Schema } from "../../../proto/plan/types.ts";
import type { Dataset } from "../../../sdk/dataset/dataset.ts";
import type { Dice } from "./dice.ts";

/** What is promised of the rows: their order, which they are, or only how many. */
export type Promised = "order" | "rows" | "number";

export interface Known {
  readonly schema: Schema;
  readonly isOrdered: boolean;
  /** Columns of sums and means of floats, which depend on the order by their last digits. */
  readonly inexact: ReadonlySet<string>;
  /** An upper bound. */
  readonly rowsMax: number;
  /** Whether it is a Parquet table just read, whose rows a join may leave out by their keys. */
  readonly isScan?: boolean;
  /** A column of a table just read whose values rise through its files, each of them once. */
  readonly rising?: string;
}

export type Rows = Dataset<unknown>;

export interface Step {
  /** For people. */
  readonly text: string;
  readonly known: Known;
  /** `pool`: the datasets made so far. */
  readonly apply: (pool: readonly Rows[]) => Rows;
  /** Set where nothing can be put on it. */
  readonly promised?: Promised;
}

/** A dataset that steps may be put on, by its place in the pool. */
export interface Input {
  readonly place: number;
  readonly known: Known;
}

/** Undefined where the step makes no sense there. */
export type StepMaker = (input: Input, dice: Dice, pool: readonly Known[]) => Step | undefined;

export const field = (name: string, type: DataType): Field => ({ name, type, nullable: true });

/** The columns that may be compared, sorted or computed with. */
export function exactSchema({ schema, inexact }: Known): Schema {
  return { fields: schema.fields.filter(({ name }) => !inexact.has(name)) };
}

/** Fresh names in order: `c0`, `c1`, … */
export function freshName(schema: Schema, taken: readonly string[] = []): string {
  for (let i = 0; ; i++) {
    const name = `c${i}`;
    if (!taken.includes(name) && !schema.fields.some((own) => own.name === name)) return name;
  }
}
