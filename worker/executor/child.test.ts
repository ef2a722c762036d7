// What an executor process finds in its environment.

import { expect, test } from "vitest";
import { tightMappedBytesMin, tightMemoryBytes } from "../../proto/limits/memory.ts";
import { executorEnvironment } from "./child.ts";

const tight = { memoryBytes: tightMemoryBytes - 1 };
const ample = { memoryBytes: tightMemoryBytes };

test("where memory is tight, the allocator gives buffers back to the system", () => {
  expect(executorEnvironment({ HOME: "/home/a" }, tight)).toEqual({
    HOME: "/home/a",
    MALLOC_MMAP_THRESHOLD_: String(tightMappedBytesMin),
  });
  expect(executorEnvironment({ HOME: "/home/a" }, ample)).toEqual({ HOME: "/home/a" });
});

test("what the operator asks of the allocator is kept", () => {
  const asked = { MALLOC_MMAP_THRESHOLD_: "65536" };
  expect(executorEnvironment(asked, tight)).toEqual(asked);
});

test("user code is told no secrets of the cluster", () => {
  const secrets = { MILLRACE_TOKEN: "a", MILLRACE_NODE_TOKEN_FILE: "/b", MILLRACE_LOG: "debug" };
  expect(executorEnvironment(secrets, ample)).toEqual({ MILLRACE_LOG: "debug" });
});
