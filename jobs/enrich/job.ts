// Adds to each visit the country of its address, which a service knows. Each address is asked about once.

import { defineJob, schema, utf8, z } from "millrace";

const visitColumns = schema({ page: utf8, address: utf8 });
const placeColumns = schema({ address: utf8, country: utf8.nullable() });

const answerSchema = z.object({ country: z.string() });
const answerMsMax = 10_000;

/** Null where the service does not know the address. */
async function countryOf(service: string, address: string): Promise<string | null> {
  const response = await fetch(`${service}/${encodeURIComponent(address)}`, {
    signal: AbortSignal.timeout(answerMsMax),
  });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`the service answered ${response.status} for ${address}`);
  return answerSchema.parse(await response.json()).country;
}

export default defineJob({
  name: "enrich",
  params: z.object({
    input: z.string().describe("visits, one JSON object a line with the fields page and address"),
    output: z.string().describe("folder for the visits with countries, one JSON object a line"),
    service: z.url().describe("answers GET /ADDRESS with a JSON object with the field country"),
    concurrency: z.number().int().min(1).default(8).describe("calls at once, by each task"),
    ratePerSecond: z.number().positive().default(50).describe("calls a second, by all tasks"),
  }),
  async run(mr, { input, output, service, concurrency, ratePerSecond }) {
    const visits = mr.read.ndjson(input, { schema: visitColumns });
    const places = visits
      .select("address")
      .distinct()
      .mapAsync(async ({ address }) => ({ address, country: await countryOf(service, address) }), {
        concurrency,
        ratePerSecond,
      })
      .as(placeColumns);
    await visits.join(places, "address").write.ndjson(output);
  },
});
