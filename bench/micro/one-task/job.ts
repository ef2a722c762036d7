// The smallest action, many times: what it takes is what the engine adds to any other.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "one-task",
  params: z.object({
    input: z.string().describe("a small text file"),
    actions: z.int().describe("how often its lines are counted"),
  }),
  async run(mr, { input, actions }) {
    let lines = 0;
    for (let i = 0; i < actions; i++) lines += await mr.read.text(input).count();
    return lines;
  },
});
