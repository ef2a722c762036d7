// The join questions of the database benchmark; each answer is summed up, so that few rows come back.

import {
  count,
  type Dataset,
  defineJob,
  float64,
  int32,
  type RowOf,
  schema,
  utf8,
  z,
} from "millrace";

const left = schema({ id1: int32, id2: int32, id3: int32, id5: utf8, v1: float64 });
const right = schema({ key: int32, name: utf8, v2: float64 });

interface Tables {
  readonly x: Dataset<RowOf<typeof left>>;
  readonly small: Dataset<RowOf<typeof right>>;
  readonly medium: Dataset<RowOf<typeof right>>;
  readonly big: Dataset<RowOf<typeof right>>;
}

const questions = {
  q1: ({ x, small }: Tables) =>
    x
      .join(small, (l, r) => l.id1.eq(r.key))
      .agg((c) => ({ rows: count(), v1: c.v1.sum(), v2: c.v2.sum() })),
  q2: ({ x, medium }: Tables) =>
    x
      .join(medium, (l, r) => l.id2.eq(r.key))
      .agg((c) => ({ rows: count(), v1: c.v1.sum(), v2: c.v2.sum() })),
  q3: ({ x, medium }: Tables) =>
    x
      .join(medium, (l, r) => l.id2.eq(r.key), "left")
      .agg((c) => ({ rows: count(), v1: c.v1.sum(), v2: c.v2.sum() })),
  q4: ({ x, medium }: Tables) =>
    x
      .join(medium, (l, r) => l.id5.eq(r.name))
      .agg((c) => ({ rows: count(), v1: c.v1.sum(), v2: c.v2.sum() })),
  q5: ({ x, big }: Tables) =>
    x
      .join(big, (l, r) => l.id3.eq(r.key))
      .agg((c) => ({ rows: count(), v1: c.v1.sum(), v2: c.v2.sum() })),
};

export default defineJob({
  name: "join",
  params: z.object({
    folder: z.string().describe("holds x, small, medium and big as Parquet"),
    question: z.enum(["q1", "q2", "q3", "q4", "q5"]),
  }),
  async run(mr, { folder, question }) {
    const table = (name: string) => mr.read.parquet(`${folder}/${name}.parquet`, { schema: right });
    const tables = {
      x: mr.read.parquet(`${folder}/x.parquet`, { schema: left }),
      small: table("small"),
      medium: table("medium"),
      big: table("big"),
    };
    return await questions[question](tables).collect();
  },
});
