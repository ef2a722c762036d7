// Sinks whose result goes to the driver: all rows, or how many there are.

import { EngineError } from "../../proto/errors.ts";
import { actionResultBytesMax } from "../../proto/limits.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import { nothingHeld, pushBatchAsRows } from "../operators/stage.ts";
import { digestOf, type Sink, type SinkResult } from "./sink.ts";

function tooLarge(): EngineError {
  return new EngineError(
    "RESULT_TOO_LARGE",
    `the collected rows take more than ${actionResultBytesMax} bytes; write them to an output with ` +
      "write.*, or take only the first with take(n)",
    { limitBytes: actionResultBytesMax },
  );
}

function resultOf(resultJson: string, rowsOut: number): SinkResult {
  const bytes = Buffer.from(resultJson, "utf8");
  if (bytes.length > actionResultBytesMax) throw tooLarge();
  return { rowsOut, bytesOut: bytes.length, digest: digestOf(bytes), resultJson };
}

export function collectSink(): Sink {
  const rows: string[] = [];
  let units = 0;
  const push = (pushed: readonly unknown[]): void => {
    for (let i = 0; i < pushed.length; i++) {
      const text = encodeValue(pushed[i]);
      units += text.length + 1;
      rows.push(text);
      if (units > actionResultBytesMax) throw tooLarge();
    }
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    drain: () => undefined,
    seal: async () => resultOf(`[${rows.join(",")}]`, rows.length),
    abort: async () => undefined,
  };
}

export function countSink(): Sink {
  let count = 0;
  return {
    push: (rows) => {
      count += rows.length;
    },
    pushBatch: (batch) => {
      count += batch.rows;
    },
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: true,
    drain: () => undefined,
    seal: async () => resultOf(encodeValue(count), count),
    abort: async () => undefined,
  };
}
