// enrich on an embedded cluster: the service is asked once about each address, and no faster than allowed.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { outputRows, runExample } from "../testing/example-job.ts";
import { scratchFolder } from "../testing/folders.ts";
import { startLookupService } from "../testing/lookup-service.ts";

const folder = scratchFolder("enrich");
const codes = ["PT", "NZ", "PE"];
const addresses = Array.from({ length: 90 }, (_, index) => `192.0.2.${index}`);
const known = Object.fromEntries(
  addresses.flatMap((address, index) => {
    const code = codes[index % 4];
    return code === undefined ? [] : [[address, code]];
  }),
);
const visits = Array.from({ length: 1000 }, (_, index) => ({
  page: `/${index}`,
  address: addresses[(index * 7) % addresses.length] ?? "",
}));

const ratePerSecond = 30;

test("every visit gets its country, within the limits of the service", async () => {
  const input = join(folder, "visits.ndjson");
  writeFileSync(input, visits.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await using service = await startLookupService(known, { answerMs: 50 });
  const output = `${folder}/out/`;
  const limits = { concurrency: 4, "rate-per-second": ratePerSecond };
  const startedMs = performance.now();
  await runExample("enrich/job.ts", { input, output, service: service.url, ...limits });

  const rows = await outputRows<{ page: string }>(output);
  const byPage = new Map(rows.map((row) => [row.page, row]));
  expect(rows).toHaveLength(visits.length);
  for (const visit of visits) {
    expect(byPage.get(visit.page)).toEqual({ ...visit, country: known[visit.address] ?? null });
  }

  expect(service.calls.map(({ address }) => address).sort()).toEqual(addresses.toSorted());
  expect(service.atOnceMax).toBeGreaterThan(1);
  expect(service.atOnceMax).toBeLessThanOrEqual(4);
  // Calls are seen once they have come by the network: later than they were begun, the first of all perhaps much later on a
  // busy machine. The last one can be no earlier than the limit allows from the start on.
  const times = service.calls.map(({ atMs }) => atMs);
  const secondsLeast = (addresses.length - 1) / ratePerSecond;
  expect((Math.max(...times) - startedMs) / 1000).toBeGreaterThan(secondsLeast);
  // Without the limit all calls, of 50 ms and four at once, take 1.1 s.
  const seconds = (Math.max(...times) - Math.min(...times)) / 1000;
  expect(seconds).toBeGreaterThan(secondsLeast * (2 / 3));
}, 120_000);
