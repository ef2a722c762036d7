// Jobs as their clients see them: submitted once, then running, then ended in one way for ever.

import type { Operation } from "./history.ts";
import type { Model } from "./linearizability.ts";

export type JobInput = {
  readonly kind: "submit" | "status" | "cancel";
  readonly jobId: string;
};

/** `missing`: there is no such job. A submit answers the state `running`, also when it is repeated. */
export type JobOutput = "missing" | "running" | "succeeded" | "failed" | "cancelled";

const next: Readonly<Record<JobOutput, readonly JobOutput[]>> = {
  missing: [],
  // Ends by itself, unseen.
  running: ["succeeded", "failed"],
  succeeded: [],
  failed: [],
  cancelled: [],
};

function effects(state: JobOutput, { input, output }: Operation<JobInput, JobOutput>): JobOutput[] {
  switch (input.kind) {
    case "submit":
      return [state === "missing" ? "running" : state];
    case "status":
      return output === undefined || output === state ? [state] : [];
    case "cancel": {
      const after = state === "running" ? "cancelled" : state;
      return output === undefined || output === after ? [after] : [];
    }
  }
}

export const jobModel: Model<JobOutput, JobInput, JobOutput> = {
  keyOf: (input) => input.jobId,
  initial: () => "missing",
  step: (state, operation) =>
    [state, ...next[state]].flatMap((before) => effects(before, operation)),
  stateText: (state) => state,
  operationText: ({ input, output }) => `${input.kind} ${input.jobId} → ${output ?? "unknown"}`,
};
