// How tests run: as many files at a time as there are cores, those of real processes among them.
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
    // By default one core is left to the main process, which is half of a small machine and hardly works here.
    // Processes of a cluster wait for each other and the disk most of the time: another file has the rest.
    maxWorkers: availableParallelism(),
    // These end what hangs. How long work takes depends on what else runs on the machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["**/*.test.ts"],
          exclude: [...never, systemTests],
          setupFiles: [source("./bench/tooling/spoil-given-back.ts")],
          // A process loads and compiles the engine once, not for each file: that was a fifth of the time of these tests.
          // So a test must not count on modules in which nothing has happened yet.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: [systemTests],
          exclude: never,
          globalSetup: [source("./bench/tooling/build-once.ts")],
        },
      },
    ],
  },
});
