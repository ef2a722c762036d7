// `millrace explain JOB`: the plans of a job's first action, without a cluster, reading no data.

import { EngineError } from "../../../proto/errors.ts";
import { clusteredColumns } from "../../../proto/formats/clustered-columns.ts";
import { countRows } from "../../../proto/formats/count-rows.ts";
import { describeCheckpoint, describeInput } from "../../../proto/formats/describe.ts";
import type { DriverHost, JobContext, PlannedAction } from "../../../proto/plan/bundle.ts";
import { encodeValue } from "../../../proto/plan/values.ts";
import { listInputs } from "../../client/driver-host.ts";
import type { CompiledJob } from "../../client/world.ts";
import { type Command, commonOptions } from "../command.ts";
import { asksForHelp } from "../job-params.ts";
import { jsonLine } from "../job-result.ts";
import { flagOf, requiredOperand } from "../option-values.ts";
import type { World } from "../ports.ts";
import { prepare, showJobHelp } from "./run.ts";

export const explainCommand: Command = {
  spec: {
    name: "explain",
    summary: "Shows how the first action of a job would run, without running it",
    operands: "JOB [job flags…]",
    takesJob: true,
    options: { params: commonOptions.params, json: commonOptions.json },
    examples: [["millrace explain job.ts --input data/ --output out/", "needs no cluster"]],
  },
  run: async (world, parsed) => {
    const path = requiredOperand(parsed.operands, "JOB", "explain");
    if (asksForHelp(parsed.jobFlags)) {
      return await showJobHelp(world, "explain", await world.compile(path), path, parsed);
    }
    const { job, paramsJson } = await prepare(world, path, parsed);
    const { name } = job.bundle.describe();
    const planned = await firstAction(world, job, paramsJson);
    if (planned === undefined) {
      throw new EngineError(
        "PLAN_INVALID",
        `job ${name} ended without an action: count, collect, take or write something`,
      );
    }
    const { label } = planned.graph;
    const json = flagOf(parsed.values, "json");
    await world.print(
      json
        ? `${jsonLine({ job: name, action: label, ...planned.text })}\n`
        : plansText(name, planned),
    );
    return 0;
  },
};

/** Runs the driver program to its first action, which never ends. */
async function firstAction(
  world: World,
  job: CompiledJob,
  paramsJson: string,
): Promise<PlannedAction | undefined> {
  const store = await world.store();
  let show: (action: PlannedAction) => void = () => {};
  const planned = new Promise<PlannedAction>((resolve) => {
    show = resolve;
  });
  const host: DriverHost = {
    describeInput: (format, files, options) => describeInput(store, format, files, options),
    countRows: (format, files, schema) => countRows(store, format, files, schema),
    clusteredColumns: (format, files, schema) => clusteredColumns(store, format, files, schema),
    describeCheckpoint: (files) => describeCheckpoint(store, files),
    listInputs: (pattern) => listInputs(store, pattern),
    recordedOutcome: async () => undefined,
    runAction: (action) => {
      // Locks are taken as if nobody else were there.
      if (action.graph.lock !== undefined) {
        return Promise.resolve({ kind: "result", parts: [encodeValue("0")] });
      }
      show(action);
      return new Promise(() => {});
    },
  };
  const context: JobContext = {
    jobId: "explain",
    paramsJson,
    seed: 0,
    submittedWallMs: world.wallMs(),
    workingFolder: world.workingFolder,
  };
  const ended = job.bundle.drive(context, host).then(
    () => undefined,
    async (thrown: unknown) => {
      const { driverFailure } = await import("../../client/driver-failure.ts");
      throw driverFailure(thrown, job);
    },
  );
  return await Promise.race([planned, ended]);
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

function plansText(name: string, { graph, text }: PlannedAction): string {
  return (
    `job ${name}, action ${graph.actionIndex}: ${graph.label}\n` +
    `\nlogical plan\n${indented(text.logical)}` +
    `\noptimised plan\n${indented(text.optimised)}` +
    `\nstages\n${indented(text.physical)}`
  );
}
