// A client for examples to speak to: it answers what a cluster could.

import type { Client, ClusterLock, JobView } from "../../sdk/index.ts";

const lock: ClusterLock = {
  name: "prices",
  token: 7n,
  signal: new AbortController().signal,
  check: () => {},
  release: async () => {},
  [Symbol.asyncDispose]: async () => {},
};

const job: JobView = {
  jobId: "word-count-1f3a",
  name: "word-count",
  state: "running",
  revision: 3,
  submittedWallMs: 0,
  driver: "worker",
  actions: [],
};

const outcome = { jobId: job.jobId, result: undefined, outputs: [], durationMs: 1 };

async function* rows<Row>(...all: readonly Row[]): AsyncGenerator<Row> {
  yield* all;
}

/** Of the overloads of `submit` a stand-in has but one. */
const submit = async (): Promise<unknown> => outcome;

export const standInClient: Client = {
  submit: submit as Client["submit"],
  status: async () => job,
  cancel: async () => "cancelled",
  list: async () => [job],
  wait: async () => outcome,
  clusterStatus: async () => ({
    ...{ clusterId: "c", leader: "m1", term: 1, masters: [], appliedIndex: 1 },
    ...{ workers: [], jobsRunning: 1, jobsEnded: 0 },
  }),
  lock: async () => lock,
  withLock: async (_name, body) => await body(lock),
  locks: async () => [{ name: "prices", holder: "a host:1", token: 7, waiting: 0 }],
  output: async () => ({
    manifest: {} as never,
    rows: () => rows<unknown>({ value: "be", count: 2 }),
    lines: () => rows('{"value":"be","count":2}'),
  }),
  close: () => {},
};
