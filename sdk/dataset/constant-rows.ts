// Datasets whose rows stand in the program itself.

import { EngineError } from "../../proto/errors.ts";
import { tasksPerStageMax } from "../../proto/limits.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import { checkOptionNames } from "../columns/option-names.ts";
import type { RowSchema } from "../columns/schema.ts";
import { Dataset } from "./dataset.ts";
import type { Session } from "./session.ts";

/** Rows of the program as a dataset. Throws VALUE_UNSUPPORTED, and PLAN_INVALID for what is no array. */
export function constantRows(
  session: Session,
  rows: readonly unknown[],
  schema: RowSchema<unknown> | undefined,
): Dataset<never> {
  if (!Array.isArray(rows)) {
    throw new EngineError("PLAN_INVALID", `of was given ${typeof rows}, not an array of rows`);
  }
  const id = session.nextNode();
  const rowsJson = encodeValue(rows);
  const typed = schema === undefined ? {} : { schema: { fields: schema.fields } };
  return new Dataset(session, { kind: "values", id, rowsJson, rows: rows.length, ...typed });
}

export interface RangeOptions {
  /** Tasks that make the numbers, each about as many; unless told one for each 1 048 576, and at most 16. */
  readonly partitions?: number;
}

/** What `range` is given: numbers, and maybe options behind them. */
export type RangeArguments = readonly (number | RangeOptions | undefined)[];

/** Whole numbers as a dataset. Throws PLAN_INVALID. */
export function rangeOf(session: Session, given: RangeArguments): Dataset<number> {
  const last = given.at(-1);
  const isTold = typeof last === "object";
  const [first, bound, step = 1, further] = isTold ? given.slice(0, -1) : given;
  const [start, end] = bound === undefined ? [0, first] : [first, bound];
  checkOptionNames("range", isTold ? last : further, ["partitions"]);
  const partitions = isTold ? last.partitions : undefined;
  const whole = (each: typeof start): each is number => Number.isSafeInteger(each);
  const [from, to, by] = [start, end, step].filter(whole);
  if (from === undefined || to === undefined || by === undefined || by === 0) {
    throw new EngineError(
      "PLAN_INVALID",
      `range from ${start} to ${end} by ${step}; give whole numbers, and a step that is not 0`,
    );
  }
  const isCount = partitions === undefined || Number.isSafeInteger(partitions);
  if (!isCount || (partitions !== undefined && (partitions < 1 || partitions > tasksPerStageMax))) {
    throw new EngineError(
      "PLAN_INVALID",
      `range has partitions: ${partitions}; give a whole number from 1 to ${tasksPerStageMax}`,
    );
  }
  const numbers = { start: from, end: to, step: by };
  const told = partitions === undefined ? {} : { partitions };
  return new Dataset(session, { kind: "range", id: session.nextNode(), ...numbers, ...told });
}
