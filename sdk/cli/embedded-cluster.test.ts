// Numbers that are none are refused before a process is started: such a cluster would look for its worker for ever.

import { expect, test } from "vitest";
import { startEmbeddedCluster } from "./embedded-cluster.ts";
import type { EmbeddedOptions } from "./ports.ts";

test.each<[string, Partial<Record<keyof EmbeddedOptions, unknown>>]>([
  ["threads must be a whole number from 1 on, not NaN", { threads: Number.NaN }],
  ["threads must be a whole number from 1 on, not undefined", { threads: undefined }],
  ["threads must be a whole number from 1 on, not 0", { threads: 0 }],
  ["threads must be a whole number from 1 on, not 2", { threads: "2" }],
  ["heapMiB must be a whole number from 1 on, not 1.5", { heapMiB: 1.5 }],
  ["memoryBytes must be a whole number from 1 on, not Infinity", { memoryBytes: Infinity }],
  ["closureDeadlineMs must be a whole number from 1 on, not -1", { closureDeadlineMs: -1 }],
])("%s", (message, options) => {
  const given = { threads: 1, ...options } as EmbeddedOptions;
  expect(() => startEmbeddedCluster("/no/program", given)).toThrow(message);
});
