// A function of the user's, opaque to the engine, on every row.

import { defineJob, int32, schema, z } from "millrace";

/** A few steps of a hash: cheap, but nothing that an expression could say. */
function scramble(value: number): number {
  let state = value | 0;
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % 1000;
}

export default defineJob({
  name: "opaque-function",
  params: z.object({ input: z.string() }),
  async run(mr, { input }) {
    return await mr.read
      .parquet(input, { schema: schema({ key: int32 }) })
      .map((row) => scramble(row.key))
      .agg((c) => ({ total: c.value.sum(), least: c.value.min(), most: c.value.max() }))
      .collect();
  },
});
