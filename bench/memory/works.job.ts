// Works that hold rows, over rows whose answer is known by arithmetic: `k` is each whole number below `rows`, in an order
// of no kind, and `text` the same with zeros in front.

import { count, type Dataset, defineJob, int53, type Millrace, rowNumber, utf8, z } from "millrace";

/** A prime: times it, numbers below another that it does not divide come in another order, each once. */
const step = 7919;
const keysPerWindow = 16;

export const workNames = [
  ...(["group", "distinct", "sort", "join", "window", "intersect", "except"] as const),
  ...(["reduceByKey", "aggregateByKey", "groupByKey", "cogroup"] as const),
  ...(["countByValue", "orderBy", "parquet"] as const),
] as const;

export type WorkName = (typeof workNames)[number];

interface Shape {
  readonly rows: number;
  readonly textBytes: number;
  readonly output: string;
}

interface Row {
  readonly k: number;
  readonly text: string;
}

/** `times`: how often each number comes. */
function scattered(mr: Millrace, { rows, textBytes }: Shape, times = 1): Dataset<Row> {
  return mr
    .range(rows * times)
    .select((c) => ({ k: c.value.mul(step).mod(rows) }))
    .select((c) => ({ k: c.k, text: c.k.cast(utf8).padStart(textBytes, "0") }));
}

/** How many there are, and the sum of the numbers that they stand for. */
async function summed(texts: Dataset<{ readonly text: string }>): Promise<unknown> {
  const [answer] = await texts
    .agg((c) => ({ rows: count(), sum: c.text.cast(int53).sum() }))
    .collect();
  return answer;
}

/** By functions: pairs of a text and the place where it came. */
function pairs(mr: Millrace, { rows, textBytes }: Shape, times: number): Dataset<[string, number]> {
  return mr.range(rows * times).map((value): [string, number] => {
    const k = (value * step) % rows;
    return [String(k).padStart(textBytes, "0"), k];
  });
}

/** Of rows of counts and sums. */
async function added(parts: Dataset<readonly [number, number]>): Promise<unknown> {
  const rows = await parts
    .mapPartitions(function* (all) {
      let [count, total] = [0, 0];
      for (const [some, sum] of all) {
        count += some;
        total += sum;
      }
      yield { count, total };
    })
    .collect();
  return {
    rows: rows.reduce((sum, { count }) => sum + count, 0),
    sum: rows.reduce((sum, { total }) => sum + total, 0),
  };
}

const works: Readonly<Record<WorkName, (mr: Millrace, shape: Shape) => Promise<unknown>>> = {
  group: (mr, shape) =>
    summed(
      scattered(mr, shape, 2)
        .groupBy("text")
        .agg((c) => ({ rows: count(), most: c.k.max() }))
        .where((c) => c.rows.eq(2))
        .select((c) => ({ text: c.text })),
    ),
  distinct: (mr, shape) => summed(scattered(mr, shape, 2).select("text").distinct()),
  sort: async (mr, shape) => {
    const { rows } = await scattered(mr, shape)
      .sortBy((c) => c.k)
      .map(({ text }) => text)
      .write.text(shape.output);
    return { rows };
  },
  join: (mr, shape) =>
    summed(
      scattered(mr, shape)
        .join(
          mr.range(shape.rows).select((c) => ({ k: c.value })),
          "k",
        )
        .select((c) => ({ text: c.text })),
    ),
  window: async (mr, shape) => {
    const [answer] = await scattered(mr, shape)
      .withColumn("place", (c) =>
        rowNumber().over({
          partitionBy: c.k.mod(Math.ceil(shape.rows / keysPerWindow)),
          orderBy: c.k,
        }),
      )
      .agg((c) => ({ rows: count(), sum: c.text.cast(int53).sum(), most: c.place.max() }))
      .collect();
    return answer;
  },
  intersect: (mr, shape) =>
    summed(
      scattered(mr, shape)
        .select("text")
        .intersect(
          scattered(mr, shape)
            .where((c) => c.k.mod(2).eq(0))
            .select("text"),
        ),
    ),
  except: (mr, shape) =>
    summed(
      scattered(mr, shape)
        .select("text")
        .except(
          scattered(mr, shape)
            .where((c) => c.k.mod(2).eq(1))
            .select("text"),
        ),
    ),
  reduceByKey: (mr, shape) =>
    added(
      pairs(mr, shape, 2)
        .reduceByKey((a, b) => a + b)
        .map(([, sum]): [number, number] => [1, sum]),
    ),
  aggregateByKey: (mr, shape) =>
    added(
      pairs(mr, shape, 2)
        .aggregateByKey(
          0,
          (sum, value) => sum + value,
          (a, b) => a + b,
        )
        .map(([, sum]): [number, number] => [1, sum]),
    ),
  groupByKey: (mr, shape) =>
    added(
      pairs(mr, shape, 2)
        .groupByKey()
        .map(([, values]): [number, number] => [1, values.reduce((a, b) => a + b, 0)]),
    ),
  cogroup: (mr, shape) =>
    added(
      pairs(mr, shape, 1)
        .cogroup(pairs(mr, shape, 1))
        .map(([, [here, there]]): [number, number] => [
          1,
          [...here, ...there].reduce((a, b) => a + b, 0),
        ]),
    ),
  countByValue: (mr, shape) =>
    added(
      scattered(mr, shape, 2)
        .map(({ text }) => text)
        .countByValue()
        .map(({ value, count }): [number, number] => [count === 2 ? 1 : 0, Number(value)]),
    ),
  orderBy: async (mr, shape) => {
    const { rows } = await scattered(mr, shape)
      .orderBy(({ k }) => k)
      .map(({ text }) => text)
      .write.text(shape.output);
    return { rows };
  },
  parquet: async (mr, shape) => {
    const { rows } = await scattered(mr, shape)
      .withColumn("half", (c) => c.k.mul(0.5))
      .write.parquet(shape.output);
    return { rows };
  },
};

export default defineJob({
  name: "hold-rows",
  params: z.object({
    work: z.enum(workNames),
    rows: z.number().int().min(1),
    textBytes: z.number().int().min(12),
    output: z.string().describe("folder for works that write"),
  }),
  run: (mr, { work, ...shape }) => works[work](mr, shape),
});
