// Checks that sorted records are in order, within files and across them, and are those that were to be sorted.

import { type Dataset, defineJob, z } from "millrace";
import { followedBy, type Summary, summarise } from "./summary.ts";

/** Tasks answer for their parts of the files, and come in the order of the files. */
async function summaryOf(records: Dataset<string>): Promise<Summary | undefined> {
  const parts = await records.mapPartitions(summarise).collect();
  return parts.length === 0 ? undefined : parts.reduce(followedBy);
}

export default defineJob({
  name: "tera-validate",
  params: z.object({
    unsorted: z.string().describe("the records that were to be sorted"),
    sorted: z.string().describe("what the sort wrote"),
  }),
  async run(mr, { unsorted, sorted }) {
    const before = await summaryOf(mr.read.text(unsorted));
    const after = await summaryOf(mr.read.text(sorted));
    if (before === undefined || after === undefined) throw new Error("there are no records");
    const { records, checksum, misplaced } = after;
    if (misplaced !== undefined) throw new Error(`out of order: ${JSON.stringify(misplaced)}`);
    if (records !== before.records) {
      throw new Error(`${records} records were sorted of ${before.records}`);
    }
    if (checksum !== before.checksum) {
      throw new Error(`other records came out: checksum ${checksum}, not ${before.checksum}`);
    }
    return { records, checksum };
  },
});
