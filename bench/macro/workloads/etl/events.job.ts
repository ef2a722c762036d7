// NDJSON of events to Parquet: keep those that count, flatten, type the rest.

import { defineJob, float64, int32, schema, struct, timestamp, utf8, z } from "millrace";

const event = schema({
  id: int32,
  at: timestamp("UTC"),
  kind: utf8,
  user: struct({ name: utf8, country: utf8 }),
  amount: float64.nullable(),
});

export default defineJob({
  name: "events-to-parquet",
  params: z.object({ input: z.string(), output: z.string() }),
  async run(mr, { input, output }) {
    await mr.read
      .ndjson(input, { schema: event })
      .where((c) => c.kind.ne("debug").and(c.amount.isNotNull()))
      .select("id", "at", "kind", (c) => ({
        name: c.user.field("name"),
        country: c.user.field("country").upper(),
        amount: c.amount.mul(100).round(),
      }))
      .write.parquet(output);
  },
});
