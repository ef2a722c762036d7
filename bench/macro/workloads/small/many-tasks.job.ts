// As many tasks as told, each with next to nothing to do.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "many-tasks",
  params: z.object({ tasks: z.number().int() }),
  async run(mr, { tasks }) {
    return await mr
      .range(tasks)
      .keyBy((number) => number)
      .partitionBy(tasks, (key) => key)
      .mapPartitions(function* (pairs) {
        let sum = 0;
        for (const [key] of pairs) sum += key;
        yield sum;
      })
      .agg((c) => ({ tasks: c.value.count(), sum: c.value.sum() }))
      .collect();
  },
});
