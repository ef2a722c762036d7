// Errors of rows that a stage finds by itself, without the user's code, get their place: operator, task, file.

import { EngineError, type ErrorCode } from "../../proto/errors.ts";
import type { Stage } from "../operators/stage.ts";
import type { UserCode } from "../operators/user-code.ts";

const codesOfRows: readonly ErrorCode[] = ["VALUE_UNSUPPORTED", "INPUT_MALFORMED"];

/** A row of a batch as one of the partition; what is held until the end has no number any more. */
function rowOf(row: number | undefined, firstRow: number | undefined) {
  return row === undefined || firstRow === undefined ? {} : { row: firstRow + row };
}

/** Stages call each other, so an error comes by all stages before its own: the first to see it names it. */
export function withPlacedErrors(stage: Stage, index: number, user: UserCode): Stage {
  /** Rows that came before what is being pushed. */
  let rowsBefore = 0;
  const place = (thrown: unknown, firstRow: number | undefined): unknown => {
    if (!(thrown instanceof EngineError) || !codesOfRows.includes(thrown.code)) return thrown;
    const { row, ...details } = thrown.details;
    if (details.operator !== undefined && details.file !== undefined) return thrown;
    const file = user.file();
    const operator = user.labels[index];
    const found = {
      ...(file === undefined ? {} : { file }),
      ...(operator === undefined ? {} : { operator }),
      partition: user.partition,
      ...rowOf(row, details.operator === undefined ? firstRow : 0),
    };
    return new EngineError(thrown.code, thrown.message, { ...found, ...details }, thrown);
  };
  function* finish(): Iterable<void> {
    try {
      yield* stage.finish();
    } catch (thrown) {
      throw place(thrown, undefined);
    }
  }
  return {
    ...stage,
    push: (rows) => {
      try {
        stage.push(rows);
      } catch (thrown) {
        throw place(thrown, rowsBefore);
      }
      rowsBefore += rows.length;
    },
    pushBatch: (batch) => {
      try {
        stage.pushBatch(batch);
      } catch (thrown) {
        throw place(thrown, rowsBefore);
      }
      rowsBefore += batch.rows;
    },
    ...(stage.pushSelected === undefined
      ? {}
      : {
          pushSelected: (batch, rows) => {
            try {
              stage.pushSelected!(batch, rows);
            } catch (thrown) {
              throw place(thrown, rowsBefore);
            }
            rowsBefore += rows.length;
          },
        }),
    ...(stage.pushLines === undefined
      ? {}
      : {
          pushLines: (rows, lines) => {
            try {
              stage.pushLines!(rows, lines);
            } catch (thrown) {
              throw place(thrown, rowsBefore);
            }
            rowsBefore += rows;
          },
        }),
    finish,
  };
}
