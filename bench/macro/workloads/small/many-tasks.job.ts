// As many tasks as told, each with one number to count.

import { defineJob, z } from "millrace";

export default defineJob({
  name: "many-tasks",
  params: z.object({ tasks: z.number().int() }),
  async run(mr, { tasks }) {
    const numbers = mr.range(0, tasks, 1, { partitions: tasks });
    return await numbers.agg((c) => ({ tasks: c.value.count(), sum: c.value.sum() })).collect();
  },
});
