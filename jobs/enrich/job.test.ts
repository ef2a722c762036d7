// The job against a service of the test's own, which counts what it is asked.

import { testJob } from "millrace/testing";
import { expect, test } from "vitest";
import { startLookupService } from "../../bench/scenarios/testing/lookup-service.ts";
import enrich from "./job.ts";

const files = {
  "visits.ndjson": [
    { page: "/", address: "192.0.2.1" },
    { page: "/a", address: "192.0.2.2" },
    { page: "/b", address: "192.0.2.1" },
    { page: "/c", address: "192.0.2.3" },
  ]
    .map((row) => JSON.stringify(row))
    .join("\n"),
};

const countries = { "192.0.2.1": "PT", "192.0.2.2": "NZ" };

test("each address is asked about once; one that is not known has no country", async () => {
  await using service = await startLookupService(countries);
  const params = { input: "visits.ndjson", output: "out", service: service.url };
  const { outputs } = await testJob(enrich, params, { files });
  expect(outputs.out).toHaveLength(4);
  expect(outputs.out).toEqual(
    expect.arrayContaining([
      { page: "/", address: "192.0.2.1", country: "PT" },
      { page: "/a", address: "192.0.2.2", country: "NZ" },
      { page: "/b", address: "192.0.2.1", country: "PT" },
      { page: "/c", address: "192.0.2.3", country: null },
    ]),
  );
  expect(service.calls.map(({ address }) => address).sort()).toEqual([
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.3",
  ]);
});

test("a service that fails ends the job, and is named with the address", async () => {
  await using service = await startLookupService(countries, { failsFor: "192.0.2.2" });
  const params = { input: "visits.ndjson", output: "out", service: service.url };
  await expect(testJob(enrich, params, { files })).rejects.toThrow("503 for 192.0.2.2");
});
