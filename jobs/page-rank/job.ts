// Ranks the pages of a web by the links between them: PageRank, repeated until the ranks settle.

import { defineJob, z } from "millrace";

type Pair<V> = [page: string, value: V];

const add = (a: number, b: number): number => a + b;

/** Each of the two pages of a line with what it links to; nothing of a comment. */
function linksOf(line: string): readonly Pair<string | null>[] {
  if (line.startsWith("#")) return [];
  const [from, to, ...rest] = line.trim().split(/\s+/);
  if (from !== undefined && to !== undefined && rest.length === 0)
    return [
      [from, to],
      [to, null],
    ];
  throw new Error(`no link from a page to another: ${JSON.stringify(line)}`);
}

export default defineJob({
  name: "page-rank",
  params: z.object({
    input: z.string().describe("links as lines of text: a page, white space, the page it links to"),
    output: z.string().describe("folder for the ranks, the highest first, one JSON object a line"),
    damping: z.number().min(0).max(1).default(0.85).describe("chance to follow a link"),
    tolerance: z.number().positive().default(1e-6).describe("smaller changes in all end the job"),
    roundsMax: z.number().int().min(1).default(50).describe("rounds at most"),
  }),
  async run(mr, { input, output, damping, tolerance, roundsMax }) {
    // Every page with the pages that it links to, also those that link nowhere.
    const pages = mr.read
      .text(input)
      .flatMap(linksOf)
      .groupByKey()
      .mapValues((targets) => targets.filter((target) => target !== null))
      .cache();
    const total = await pages.count();
    let ranks = pages.mapValues(() => 1 / total);

    for (let round = 1; ; round++) {
      const received = pages
        .joinByKey(ranks)
        .flatMap(([page, [targets, rank]]): Pair<number>[] => [
          [page, 0],
          ...targets.map((target): Pair<number> => [target, rank / targets.length]),
        ])
        .reduceByKey(add)
        .cache();
      // What pages without links had to give goes to all pages alike, as does what is not damped.
      const given = (await received.values().reduce(add)) ?? 0;
      const base = (1 - damping * given) / total;
      const next = received.mapValues((rank) => base + damping * rank);
      const change = await next
        .joinByKey(ranks)
        .map(([, [now, before]]) => Math.abs(now - before))
        .reduce(add);
      ranks = next;
      if (change === undefined || change < tolerance || round === roundsMax) {
        await ranks
          .map(([page, rank]) => ({ page, rank }))
          .orderBy("rank", "desc")
          .write.ndjson(output);
        return { pages: total, rounds: round, change };
      }
    }
  },
});
