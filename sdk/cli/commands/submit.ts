// `millrace submit JOB`: a job for a running cluster, attached or left to it.

import { type AttachedState, driveAttached, untilInterrupted } from "../attached-job.ts";
import type { Command } from "../command.ts";
import { clusterOptions, commonOptions } from "../command.ts";
import { connectOptions } from "../connect-options.ts";
import { asksForHelp } from "../job-params.ts";
import { jsonLine } from "../job-result.ts";
import { flagOf, requiredOperand } from "../option-values.ts";
import { attachedOptions, prepare, showJobHelp } from "./run.ts";

export const submitCommand: Command = {
  spec: {
    name: "submit",
    summary: "Submits a job to a cluster and waits for its end; Ctrl-C cancels it",
    operands: "JOB [job flags…]",
    takesJob: true,
    options: {
      ...clusterOptions,
      detach: { kind: "flag", describe: "Print the job's id and leave the job to the cluster" },
      params: commonOptions.params,
      quiet: commonOptions.quiet,
      json: commonOptions.json,
    },
    examples: [
      [
        "millrace submit --masters 127.0.0.1:7101 job.ts --input data/ --output out/",
        "the token is read from MILLRACE_TOKEN",
      ],
      ["millrace submit --detach job.ts --input data/ --output out/", "prints the job's id"],
    ],
  },
  run: async (world, parsed) => {
    const path = requiredOperand(parsed.operands, "JOB", "submit");
    if (asksForHelp(parsed.jobFlags)) {
      return await showJobHelp(world, "submit", await world.compile(path), path, parsed);
    }
    const options = await connectOptions(world, parsed.values);
    const work = await prepare(world, path, parsed);
    const client = await world.connect(options);
    try {
      if (flagOf(parsed.values, "detach")) {
        const jobId = await client.submitDetached(work.job, work.paramsJson);
        const json = flagOf(parsed.values, "json");
        await world.print(json ? `${jsonLine({ jobId })}\n` : `${jobId}\n`);
        return 0;
      }
      const state: AttachedState = {};
      return await untilInterrupted(world, state, async () => {
        await driveAttached(world, client, work, state, attachedOptions(parsed));
        return 0;
      });
    } finally {
      client.close();
    }
  },
};
