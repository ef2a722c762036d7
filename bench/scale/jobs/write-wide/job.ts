// Makes rows with a hundred columns, in files of Parquet.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "write-wide",
  params: z.object({ output: z.string(), rows: z.number(), columns: z.number() }),
  async run(mr, { output, rows, columns }) {
    const named = (c: { value: { mul(n: number): { add(n: number): unknown } } }) =>
      Object.fromEntries(
        Array.from({ length: columns }, (_, i) => [`c${i}`, c.value.mul(i + 1).add(i)]),
      );
    const { files } = await mr
      .range(rows)
      .select(named as never)
      .write.parquet(output);
    return files;
  },
});
