// The questions of the database benchmark about groups; each answer is summed up, so that few rows come back.

import {
  count,
  type Dataset,
  defineJob,
  float64,
  int32,
  type RowOf,
  rowNumber,
  schema,
  utf8,
  z,
} from "millrace";

const columns = schema({
  id1: utf8,
  id2: utf8,
  id3: utf8,
  id4: int32,
  id5: int32,
  id6: int32,
  v1: int32,
  v2: int32,
  v3: float64,
});

type Input = Dataset<RowOf<typeof columns>>;

const questions: Readonly<Record<string, (x: Input) => Dataset<unknown>>> = {
  q1: (x) =>
    x
      .groupBy("id1")
      .agg((c) => ({ v1: c.v1.sum() }))
      .agg((c) => ({ rows: count(), v1: c.v1.sum() })),
  q2: (x) =>
    x
      .groupBy("id1", "id2")
      .agg((c) => ({ v1: c.v1.sum() }))
      .agg((c) => ({ rows: count(), v1: c.v1.sum() })),
  q3: (x) =>
    x
      .groupBy("id3")
      .agg((c) => ({ v1: c.v1.sum(), v3: c.v3.avg() }))
      .agg((c) => ({ rows: count(), v1: c.v1.sum(), v3: c.v3.sum() })),
  q4: (x) =>
    x
      .groupBy("id4")
      .agg((c) => ({ v1: c.v1.avg(), v2: c.v2.avg(), v3: c.v3.avg() }))
      .agg((c) => ({ rows: count(), v1: c.v1.sum(), v2: c.v2.sum(), v3: c.v3.sum() })),
  q5: (x) =>
    x
      .groupBy("id6")
      .agg((c) => ({ v1: c.v1.sum(), v2: c.v2.sum(), v3: c.v3.sum() }))
      .agg((c) => ({ rows: count(), v1: c.v1.sum(), v2: c.v2.sum(), v3: c.v3.sum() })),
  q6: (x) =>
    x
      .groupBy("id4", "id5")
      .agg((c) => ({ median: c.v3.median(), deviation: c.v3.stddev() }))
      .agg((c) => ({ rows: count(), median: c.median.sum(), deviation: c.deviation.sum() })),
  q7: (x) =>
    x
      .groupBy("id3")
      .agg((c) => ({ most: c.v1.max(), least: c.v2.min() }))
      .agg((c) => ({ rows: count(), range: c.most.sub(c.least).sum() })),
  q8: (x) =>
    x
      .where((c) => rowNumber().over({ partitionBy: c.id6, orderBy: c.v3.desc() }).le(2))
      .agg((c) => ({ rows: count(), v3: c.v3.sum() })),
  q9: (x) =>
    x
      .select("id2", "id4", (c) => ({ a: c.v1.cast(float64), b: c.v2.cast(float64) }))
      .groupBy("id2", "id4")
      .agg((c) => ({
        n: count(),
        a: c.a.sum(),
        b: c.b.sum(),
        ab: c.a.mul(c.b).sum(),
        aa: c.a.mul(c.a).sum(),
        bb: c.b.mul(c.b).sum(),
      }))
      .select((c) => ({
        r2: c.n
          .mul(c.ab)
          .sub(c.a.mul(c.b))
          .pow(2)
          .div(
            c.n
              .mul(c.aa)
              .sub(c.a.pow(2))
              .mul(c.n.mul(c.bb).sub(c.b.pow(2))),
          ),
      }))
      .agg((c) => ({ rows: count(), r2: c.r2.sum() })),
  q10: (x) =>
    x
      .groupBy("id1", "id2", "id3", "id4", "id5", "id6")
      .agg((c) => ({ v3: c.v3.sum(), rows: count() }))
      .agg((c) => ({ groups: count(), v3: c.v3.sum(), rows: c.rows.sum() })),
};

export default defineJob({
  name: "group-by",
  params: z.object({ input: z.string(), question: z.string() }),
  async run(mr, { input, question }) {
    const ask = questions[question];
    if (ask === undefined) throw new Error(`there is no question ${question}`);
    return await ask(mr.read.parquet(input, { schema: columns })).collect();
  },
});
