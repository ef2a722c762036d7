// Next to nothing to do, on one thread.

import type { Baselines } from "../baseline-types.ts";

function* sumOf(numbers: readonly number[]): Generator<number> {
  let sum = 0;
  for (const number of numbers) sum += number;
  yield sum;
}

/** A partition for each number, then a function over each partition. */
function manyTasks(tasks: number): readonly number[] {
  const partitions = Array.from({ length: tasks }, (): number[] => []);
  for (let number = 0; number < tasks; number++) partitions[number]!.push(number);
  let [count, sum] = [0, 0];
  for (const partition of partitions) {
    for (const value of sumOf(partition)) {
      count++;
      sum += value;
    }
  }
  return [count, sum];
}

export const smallBaselines: Baselines = {
  count: ({ rows }) => {
    let count = 0;
    for (let row = 0; row < Number(rows); row++) count++;
    return [[count]];
  },
  tasks: ({ tasks }) => [manyTasks(Number(tasks))],
};
