// How tests run: unit tests on all cores, then tests of real processes one file at a time.
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const systemTests = "**/*.system.test.ts";
const never = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^millrace\/testing$/, replacement: source("./sdk/testing/index.ts") },
      { find: /^millrace\/postgres$/, replacement: source("./sdk/postgres/index.ts") },
      { find: /^millrace$/, replacement: source("./sdk/index.ts") },
    ],
  },
  test: {
    pool: "forks",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...never, systemTests],
          // Ends what hangs. How long work takes depends on what else runs on the machine.
          testTimeout: 60_000,
          // By default one core is left to the main process, which is half of a small machine and hardly works here.
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: [systemTests],
          exclude: never,
          globalSetup: [source("./bench/tooling/build-once.ts")],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
