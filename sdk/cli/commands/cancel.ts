// `millrace cancel JOB`: stops a job of a cluster; none of its unfinished output becomes visible.

import { type Command, clusterOptions, commonOptions } from "../command.ts";
import { connectOptions } from "../connect-options.ts";
import { jsonLine } from "../job-result.ts";
import { flagOf, operandsOf, requiredOperand, textOf } from "../option-values.ts";

export const cancelCommand: Command = {
  spec: {
    name: "cancel",
    summary: "Cancels a job",
    operands: "JOB-ID",
    takesJob: false,
    options: {
      ...clusterOptions,
      reason: { kind: "value", value: "TEXT", describe: "Shown to whoever looks at the job" },
      json: commonOptions.json,
    },
    examples: [["millrace cancel --masters 127.0.0.1:7101 JOB-ID", "the id as in millrace status"]],
  },
  run: async (world, { values, operands }) => {
    const jobId = requiredOperand(operandsOf(operands, ["JOB-ID"]), "JOB-ID", "cancel");
    const client = await world.connect(await connectOptions(world, values));
    try {
      const state = await client.cancel(jobId, textOf(values, "reason") ?? "cancelled by a user");
      const json = flagOf(values, "json");
      await world.print(json ? `${jsonLine({ jobId, state })}\n` : `job ${jobId}: ${state}\n`);
      return 0;
    } finally {
      client.close();
    }
  },
};
