// Makes synthetic records to sort, as gensort does.

import { defineJob, z } from "millrace";
import { recordOf } from "./record.ts";

export default defineJob({
  name: "tera-generate",
  params: z.object({
    records: z.number().int().min(0).describe("how many records of 100 bytes"),
    output: z.string().describe("folder for the records, as lines of text"),
    seed: z.number().int().default(0).describe("another one makes other records"),
  }),
  async run(mr, { records, output, seed }) {
    await mr
      .range(records)
      .map((number) => recordOf(number, seed))
      .write.text(output);
  },
});
