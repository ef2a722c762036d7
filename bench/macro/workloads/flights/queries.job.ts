// Questions about three million flights.

import {
  count,
  type Dataset,
  defineJob,
  int64,
  type RowOf,
  rank,
  schema,
  timestamp,
  utf8,
  z,
} from "millrace";

const flightColumns = schema({
  date: timestamp().nullable(),
  delay: int64.nullable(),
  distance: int64.nullable(),
  origin: utf8.nullable(),
  destination: utf8.nullable(),
});
const airportColumns = schema({ iata: utf8, name: utf8, state: utf8 });

type Flights = Dataset<RowOf<typeof flightColumns>>;
type Airports = Dataset<RowOf<typeof airportColumns>>;

const queries = {
  count: (flights: Flights) => flights.agg({ flights: count() }),
  hours: (flights: Flights) =>
    flights
      .groupBy((c) => ({ hour: c.date.hour() }))
      .agg((c) => ({ flights: count(), delay: c.delay.avg() }))
      .sortBy((c) => c.hour),
  busiest: (flights: Flights, airports: Airports) =>
    flights
      .groupBy("origin")
      .agg((c) => ({ flights: count(), late: count().where(c.delay.gt(15n)) }))
      .join(airports, (l, r) => l.origin.eq(r.iata))
      .select("origin", "name", "flights", "late")
      .sortBy((c) => [c.flights.desc(), c.origin])
      .limit(10),
  routes: (flights: Flights) =>
    flights
      .where((c) => c.distance.gt(1000n))
      .groupBy("origin", "destination")
      .agg((c) => ({ flights: count(), delay: c.delay.avg() }))
      .where((c) => rank().over({ partitionBy: c.origin, orderBy: c.flights.desc() }).le(1))
      .agg((c) => ({ routes: count(), flights: c.flights.sum(), delay: c.delay.sum() })),
};

export default defineJob({
  name: "flights",
  params: z.object({
    flights: z.string(),
    airports: z.string(),
    query: z.enum(["count", "hours", "busiest", "routes"]),
  }),
  async run(mr, { flights, airports, query }) {
    const answer: Dataset<unknown> = queries[query](
      mr.read.parquet(flights, { schema: flightColumns }),
      mr.read.csv(airports, { schema: airportColumns }),
    );
    return await answer.collect();
  },
});
