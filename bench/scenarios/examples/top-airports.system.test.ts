// top-airports on an embedded cluster over three million flights, against DuckDB.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { outputRows, runExample } from "../testing/example-job.ts";
import { scratchFolder } from "../testing/folders.ts";
import { queryRows } from "../testing/query.ts";

const folder = scratchFolder("top-airports");
const data = fileURLToPath(new URL("../../../node_modules/vega-datasets/data", import.meta.url));
const flights = join(data, "flights-3m.parquet");
const airports = join(data, "airports.csv");

interface Airport {
  readonly iata: string;
  readonly departures: number;
  readonly arrivals: number;
  readonly meanDelay: number;
  readonly lateShare: number;
}

test("the twenty busiest airports, and how late flights leave there", async () => {
  const output = `${folder}/out/`;
  await runExample("top-airports/job.ts", { flights, airports, output, top: 20 });
  const rows = await outputRows<Airport>(output);
  const expected = await queryRows(`
    with departures as (
      select origin as iata, count(*) as departures, avg(delay) as "meanDelay",
        count(*) filter (delay > 15) / count(*) as "lateShare"
      from '${flights}' group by origin
    ), arrivals as (
      select destination as iata, count(*) as arrivals from '${flights}' group by destination
    )
    select iata, name, city, state, departures::int as departures, arrivals::int as arrivals,
      "meanDelay", "lateShare"
    from read_csv('${airports}', header = true, all_varchar = true)
    join departures using (iata) join arrivals using (iata)
    order by departures + arrivals desc, iata limit 20
  `);
  expect(rows).toHaveLength(20);
  expect(rows).toEqual(
    expected.map((row) => ({
      ...row,
      meanDelay: expect.closeTo(row.meanDelay as number, 9),
      lateShare: expect.closeTo(row.lateShare as number, 9),
    })),
  );
}, 120_000);
