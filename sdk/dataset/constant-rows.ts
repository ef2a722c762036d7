// Datasets whose rows stand in the program itself.

import { EngineError } from "../../proto/errors.ts";
import { encodeValue } from "../../proto/plan/values.ts";
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

/** Whole numbers as a dataset. Throws PLAN_INVALID. */
export function rangeOf(
  session: Session,
  start: number,
  end: number,
  step: number,
): Dataset<number> {
  if (![start, end, step].every(Number.isSafeInteger) || step === 0) {
    throw new EngineError(
      "PLAN_INVALID",
      `range from ${start} to ${end} by ${step}; give whole numbers, and a step that is not 0`,
    );
  }
  return new Dataset(session, { kind: "range", id: session.nextNode(), start, end, step });
}
