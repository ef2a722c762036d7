// Errors of rows that a stage finds by itself, without the user's code, get their place: operator, task, file.

import { EngineError, type ErrorCode } from "../../proto/errors.ts";
import type { Stage } from "../operators/stage.ts";
import type { UserCode } from "../operators/user-code.ts";

const codesOfRows: readonly ErrorCode[] = ["VALUE_UNSUPPORTED", "INPUT_MALFORMED"];

/** Stages call each other, so an error comes by all stages before its own: the first to see it names it. */
export function withPlacedErrors(stage: Stage, index: number, user: UserCode): Stage {
  const place = (thrown: unknown): unknown => {
    if (!(thrown instanceof EngineError) || !codesOfRows.includes(thrown.code)) return thrown;
    const { details } = thrown;
    if (details.operator !== undefined && details.file !== undefined) return thrown;
    const file = user.file();
    const operator = user.labels[index];
    const found = {
      ...(file === undefined ? {} : { file }),
      ...(operator === undefined ? {} : { operator }),
      partition: user.partition,
    };
    return new EngineError(thrown.code, thrown.message, { ...found, ...details }, thrown);
  };
  function* finish(): Iterable<void> {
    try {
      yield* stage.finish();
    } catch (thrown) {
      throw place(thrown);
    }
  }
  return {
    ...stage,
    push: (rows) => {
      try {
        stage.push(rows);
      } catch (thrown) {
        throw place(thrown);
      }
    },
    pushBatch: (batch) => {
      try {
        stage.pushBatch(batch);
      } catch (thrown) {
        throw place(thrown);
      }
    },
    finish,
  };
}
