// The job on a few flights between three airports.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import topAirports from "./job.ts";

const flight = (origin: string | null, destination: string | null, delay: bigint | null) => ({
  origin,
  destination,
  delay,
});

const files = {
  "flights.parquet": [
    flight("SEA", "SFO", 20n),
    flight("SEA", "SFO", -4n),
    flight("SFO", "SEA", null),
    flight("SFO", "QQQ", 15n),
    flight("ABQ", "SEA", 0n),
    flight("SEA", "ABQ", null),
    flight(null, "SEA", 99n),
  ],
  "airports.csv": [
    "iata,name,city,state,country",
    "ABQ,Albuquerque International,Albuquerque,NM,USA",
    "SEA,Seattle-Tacoma Intl,Seattle,WA,USA",
    'SFO,"San Francisco, International",San Francisco,CA,USA',
    "ZZZ,Nobody flies here,Nowhere,ZZ,USA",
  ].join("\n"),
};

const params = { flights: "flights.parquet", airports: "airports.csv", output: "out" };

test("airports with most flights first; those without any, and unknown ones, are left out", async () => {
  const { outputs } = await testJob(topAirports, params, { files });
  expect(outputs.out).toEqual([
    {
      iata: "SEA",
      name: "Seattle-Tacoma Intl",
      city: "Seattle",
      state: "WA",
      departures: 3,
      arrivals: 3,
      meanDelay: 8,
      lateShare: 1 / 3,
    },
    {
      iata: "SFO",
      name: "San Francisco, International",
      city: "San Francisco",
      state: "CA",
      departures: 2,
      arrivals: 2,
      meanDelay: 15,
      lateShare: 0,
    },
    {
      iata: "ABQ",
      name: "Albuquerque International",
      city: "Albuquerque",
      state: "NM",
      departures: 1,
      arrivals: 1,
      meanDelay: 0,
      lateShare: 0,
    },
  ]);
});

test("how many, and what is late, are parameters", async () => {
  const { outputs } = await testJob(topAirports, { ...params, top: 2, lateMinutes: 14 }, { files });
  expect(outputs.out).toEqual([
    expect.objectContaining({ iata: "SEA", lateShare: 1 / 3 }),
    expect.objectContaining({ iata: "SFO", lateShare: 1 / 2 }),
  ]);
});
