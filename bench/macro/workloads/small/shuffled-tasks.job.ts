// As many tasks as told, each behind a shuffle, and with next to nothing to do.

import { defineJob, z } from "millrace";

/** Of one shuffle, which has at most 4096: more tasks take more shuffles. */
const tasksPerShuffle = 2500;

export default defineJob({
  name: "shuffled-tasks",
  params: z.object({ tasks: z.number().int() }),
  async run(mr, { tasks }) {
    const sums = (first: number) => {
      const end = Math.min(first + tasksPerShuffle, tasks);
      return mr
        .range(first, end)
        .keyBy((number) => number)
        .partitionBy(end - first, (key) => key - first)
        .mapPartitions(function* (pairs) {
          let sum = 0;
          for (const [key] of pairs) sum += key;
          yield sum;
        });
    };
    let all = sums(0);
    for (let first = tasksPerShuffle; first < tasks; first += tasksPerShuffle) {
      all = all.union(sums(first));
    }
    return await all.agg((c) => ({ tasks: c.value.count(), sum: c.value.sum() })).collect();
  },
});
