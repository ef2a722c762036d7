// The least that a job can do.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "trivial",
  params: z.object({ rows: z.number().int() }),
  async run(mr, { rows }) {
    return await mr.range(rows).count();
  },
});
