// Least, mean and greatest temperature of each weather station, from CSV.

import { defineJob, float64, schema, utf8, z } from "millrace";

export default defineJob({
  name: "stations",
  params: z.object({ input: z.string() }),
  async run(mr, { input }) {
    return await mr.read
      .csv(input, { schema: schema({ station: utf8, temperature: float64 }), delimiter: ";" })
      .groupBy("station")
      .agg((c) => ({
        least: c.temperature.min(),
        mean: c.temperature.avg(),
        most: c.temperature.max(),
      }))
      .sortBy((c) => c.station)
      .collect();
  },
});
