// What V8 may use in a thread of an executor.

import type { ResourceLimits } from "node:worker_threads";
import { threadYoungMiB } from "../../proto/limits/executor-memory.ts";
import type { ExecutorSettings } from "./messages.ts";

export function threadLimits({
  memoryBytes,
  slots,
  threadHeapMiB,
}: ExecutorSettings): ResourceLimits {
  return {
    maxOldGenerationSizeMb: threadHeapMiB,
    maxYoungGenerationSizeMb: threadYoungMiB(memoryBytes, slots),
  };
}
