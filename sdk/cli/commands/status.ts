// `millrace status [JOB]`: the cluster and its jobs, or one job in detail.

import { type Command, clusterOptions, commonOptions } from "../command.ts";
import { connectOptions } from "../connect-options.ts";
import { jsonLine } from "../job-result.ts";
import { flagOf, operandsOf } from "../option-values.ts";
import { clusterText, jobText } from "../status-text.ts";

export const statusCommand: Command = {
  spec: {
    name: "status",
    summary: "Shows a cluster and its jobs, or one job",
    operands: "[JOB-ID]",
    takesJob: false,
    options: { ...clusterOptions, json: commonOptions.json },
    examples: [
      ["millrace status --masters 127.0.0.1:7101", "masters, workers and jobs"],
      ["millrace status --masters 127.0.0.1:7101 JOB-ID", "actions and stages of one job"],
    ],
  },
  run: async (world, { values, operands }) => {
    const [jobId] = operandsOf(operands, ["JOB-ID"]);
    const json = flagOf(values, "json");
    const client = await world.connect(await connectOptions(world, values));
    try {
      if (jobId !== undefined) {
        const job = await client.job(jobId);
        await world.print(json ? `${jsonLine(job)}\n` : jobText(job, world.workingFolder));
        return 0;
      }
      const [cluster, jobs] = await Promise.all([client.cluster(), client.jobs()]);
      await world.print(json ? `${jsonLine({ cluster, jobs })}\n` : clusterText(cluster, jobs));
      return 0;
    } finally {
      client.close();
    }
  },
};
