// k-means: some rounds over points around as many places as there are centers.

import { parquet, writeTable } from "../../generators/duck-table.ts";
import type { Task, Workload } from "../../protocol/workload.ts";
import { functionTask, jobTask, sqlTask } from "../common.ts";

const seed = 10;
const rounds = 5;
const clusters = 8;

/** The same for everybody: corners of a cube, moved a little. */
const centers = Array.from({ length: clusters }, (_, at) =>
  [1, 2, 4].map((bit) => (at & bit ? 70 : 30) + at),
);

function meansSql(input: string): Task {
  const values = centers.map(
    (center, at) => `(${at}, ${center.map((x) => `${x}::double`).join(", ")})`,
  );
  const distance =
    "(p.x - c.x) * (p.x - c.x) + (p.y - c.y) * (p.y - c.y) + (p.z - c.z) * (p.z - c.z)";
  const round = `create or replace temp table centers as
    with assigned as (
      select p.rowid as point, any_value(p.x) as x, any_value(p.y) as y, any_value(p.z) as z,
        arg_min(c.id, ${distance}) as id
      from points as p cross join centers as c group by p.rowid),
    means as (select id, avg(x) as x, avg(y) as y, avg(z) as z from assigned group by id)
    select c.id, coalesce(m.x, c.x) as x, coalesce(m.y, c.y) as y, coalesce(m.z, c.z) as z
    from centers as c left join means as m using (id)`;
  return sqlTask(
    `create or replace temp table points as select * from '${input}'`,
    `create or replace temp table centers as select * from (values ${values.join(", ")}) as t(id, x, y, z)`,
    ...Array.from({ length: rounds }, () => round),
    "select x, y, z from centers order by id",
  );
}

export const clustersWorkload: Workload = {
  name: "clusters",
  title: "k-means",
  prepare: async (cache, size) => {
    const rows = size === "smoke" ? 5_000 : 1_000_000;
    const near = (at: number, bit: number): string =>
      `(case when below(i, ${seed}, ${clusters}) & ${bit} > 0 then 75 else 25 end) + mix(i, ${seed + at}) / 4294967296.0 * 40 - 20`;
    const query = `select ${near(1, 1)} as x, ${near(2, 2)} as y, ${near(3, 4)} as z
      from range(${rows}) as numbers(i)`;
    const input = await cache.file(`points-${rows}-${seed}.parquet`, (path) =>
      writeTable(path, query, parquet),
    );
    const params = { input, centers, rounds };
    const byFunction = functionTask("means", params);
    return {
      rows: [
        {
          name: "k-means",
          title: `${rounds} rounds, ${rows} points, ${clusters} centers, by a closure`,
          inputRows: rows * rounds,
          answer: { ordered: true, tolerance: 1e-6 },
          tasks: () => ({
            millrace: jobTask("clusters", "groups.job.ts", params),
            baseline: byFunction,
            duckdb: meansSql(input),
            polars: byFunction,
            spark: byFunction,
            dask: byFunction,
            ray: byFunction,
          }),
        },
      ],
      files: [input],
      data: `${rows} points in three dimensions, seed ${seed}`,
    };
  },
};
