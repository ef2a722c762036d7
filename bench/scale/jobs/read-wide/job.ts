// Reads all columns of wide rows, and sums each.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "read-wide",
  params: z.object({ input: z.string(), columns: z.number() }),
  async run(mr, { input, columns }) {
    const rows = mr.read.parquet(input).mapBatches((batch) => {
      const sums: Record<string, number[]> = {};
      for (let i = 0; i < columns; i++) {
        const values = batch.columns[`c${i}`]?.values as unknown as ArrayLike<number>;
        let sum = 0;
        for (let row = 0; row < batch.rows; row++) sum += Number(values[row]);
        sums[`c${i}`] = [sum];
      }
      return sums as never;
    });
    const parts = (await rows.collect()) as readonly Readonly<Record<string, number>>[];
    return parts.reduce((sum, part) => sum + (part["c0"] ?? 0), 0);
  },
});
