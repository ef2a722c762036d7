// The busiest airports of a table of flights, with their names and how late flights leave.

import { count, defineJob, int64, schema, utf8, z } from "millrace";

const flightColumns = schema({
  origin: utf8.nullable(),
  destination: utf8.nullable(),
  delay: int64.nullable(),
});

const airportColumns = schema({ iata: utf8, name: utf8, city: utf8, state: utf8 });

export default defineJob({
  name: "top-airports",
  params: z.object({
    flights: z.string().describe("Parquet files with the columns origin, destination and delay"),
    airports: z.string().describe("CSV files with the columns iata, name, city and state"),
    output: z.string().describe("folder for the airports, one JSON object a line"),
    top: z.number().int().min(1).default(10).describe("how many airports"),
    lateMinutes: z.number().int().default(15).describe("a larger delay counts as late"),
  }),
  async run(mr, { flights: flightFiles, airports: airportFiles, output, top, lateMinutes }) {
    const flights = mr.read.parquet(flightFiles, { schema: flightColumns });
    const airports = mr.read.csv(airportFiles, { schema: airportColumns });

    const departures = flights
      .groupBy((c) => ({ iata: c.origin }))
      .agg((c) => ({
        departures: count(),
        late: count().where(c.delay.gt(BigInt(lateMinutes))),
        meanDelay: c.delay.avg(),
      }));
    const arrivals = flights.groupBy((c) => ({ iata: c.destination })).agg({ arrivals: count() });

    await airports
      .join(departures, "iata")
      .join(arrivals, "iata")
      .select("iata", "name", "city", "state", "departures", "arrivals", "meanDelay", (c) => ({
        lateShare: c.late.div(c.departures),
      }))
      .sortBy((c) => [c.departures.add(c.arrivals).desc(), c.iata])
      .limit(top)
      .write.ndjson(output);
  },
});
