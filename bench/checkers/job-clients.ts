// Clients that submit jobs, look at them and cancel them, with everything noted.

import { EngineError } from "../../proto/errors.ts";
import { type Clock, sleep } from "../../proto/ports/clock.ts";
import { clientApi } from "../../proto/wire/methods.ts";
import type { JobView } from "../../proto/wire/views.ts";
import { HistoryRecorder } from "./history.ts";
import { type JobInput, type JobOutput, jobModel } from "./job-model.ts";
import { assertLinearizable } from "./linearizability.ts";
import type { SimulatedClient } from "./lock-clients.ts";

export interface JobClientsOptions {
  readonly clock: Clock;
  readonly clients: readonly SimulatedClient[];
  /** A compiled job that every submit names, and its hash. */
  readonly code: Uint8Array;
  readonly sha256: string;
}

const outcomeOf = (thrown: unknown): JobOutput | undefined => {
  if (!(thrown instanceof EngineError)) throw thrown;
  return thrown.code === "JOB_NOT_FOUND" ? "missing" : undefined;
};

export class JobClients {
  readonly #options: JobClientsOptions;
  readonly #history: HistoryRecorder<JobInput, JobOutput>;
  /** Submits that were answered, so that no copy of a cancel can arrive before its job. */
  readonly #submitted: string[] = [];
  #jobs = 0;
  #isStopped = false;

  constructor(options: JobClientsOptions) {
    this.#options = options;
    this.#history = new HistoryRecorder(options.clock.nowMs);
  }

  start(): void {
    for (const client of this.#options.clients) void this.#run(client);
  }

  stop(): void {
    this.#isStopped = true;
  }

  check() {
    const operations = this.#history.operations();
    assertLinearizable(jobModel, operations);
    const unknown = operations.filter(({ output }) => output === undefined).length;
    return { operations: operations.length, submitted: this.#submitted.length, unknown };
  }

  async #run(client: SimulatedClient): Promise<void> {
    while (!this.#isStopped) {
      await sleep(client.clock, client.random.below(1500));
      const roll = client.random.below(10);
      if (roll < 3) await this.#submit(client);
      else if (roll < 8) await this.#status(client);
      else await this.#cancel(client);
    }
  }

  #record(client: SimulatedClient, input: JobInput, perform: () => Promise<JobOutput>) {
    return this.#history.record(client.name, input, perform, outcomeOf);
  }

  /** Now and then one that another client submits as well. */
  async #submit(client: SimulatedClient): Promise<void> {
    const { code, sha256 } = this.#options;
    const isNew = this.#jobs === 0 || client.random.below(3) > 0;
    const jobId = `j${isNew ? this.#jobs++ : client.random.below(this.#jobs)}`;
    const fixed = { name: "job", paramsJson: "{}", seed: 1, submittedWallMs: 0 };
    const request = { ...fixed, jobId, workingFolder: "/", bundleSha256: sha256, detached: true };
    const told = await this.#record(client, { kind: "submit", jobId }, async () => {
      await client.leader.call(clientApi.putBundle, { sha256, code });
      await client.leader.call(clientApi.submit, request);
      return "running";
    });
    if (told !== undefined) this.#submitted.push(jobId);
  }

  async #status(client: SimulatedClient): Promise<void> {
    const jobId = `j${client.random.below(this.#jobs + 1)}`;
    const request = { jobId, knownRevision: 0, waitMs: 0 };
    await this.#record(client, { kind: "status", jobId }, async () => {
      const { jobJson } = await client.leader.call(clientApi.getJob, request);
      return (JSON.parse(jobJson) as JobView).state;
    });
  }

  async #cancel(client: SimulatedClient): Promise<void> {
    const jobId = this.#submitted[client.random.below(Math.max(1, this.#submitted.length))];
    if (jobId === undefined) return;
    await this.#record(client, { kind: "cancel", jobId }, async () => {
      const { state } = await client.leader.call(clientApi.cancelJob, { jobId, reason: "" });
      return state as JobOutput;
    });
  }
}
