// Writes rows into a folder for each shop, in several files each.

import { defineJob, int32, schema, utf8, z } from "millrace";

const visits = schema({ c0: int32, c1: utf8, c2: utf8 });

export default defineJob({
  name: "write-partitions",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    const rows = mr.read.csv(input, { schema: visits, header: false });
    await rows.write.csv(output, { partitionBy: "c1", fileBytesTarget: 200_000, header: false });
  },
});
