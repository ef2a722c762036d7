// PageRank by joins and sums, as one would ask a database for it: the links, and one table of ranks for each round.

import { count, defineJob, int32, lit, schema, z } from "millrace";

const columns = schema({ c0: int32, c1: int32 });

export default defineJob({
  name: "page-rank-by-joins",
  params: z.object({
    input: z.string(),
    output: z.string(),
    damping: z.number(),
    roundsMax: z.number().int(),
  }),
  async run(mr, { input, output, damping, roundsMax }) {
    const lines = mr.read.csv(input, { header: false, delimiter: "\t", schema: columns });
    const links = lines.select((c) => ({ source: c.c0, target: c.c1 }));
    const pages = links
      .select((c) => ({ page: c.source }))
      .union(links.select((c) => ({ page: c.target })))
      .distinct()
      .cache();
    const degrees = links.groupBy("source").agg({ degree: count() });
    const weighted = links.join(degrees, "source").cache();
    const total = await pages.count();
    let ranks = pages.select("page", () => ({ rank: lit(1 / total) }));

    for (let round = 0; round < roundsMax; round++) {
      const received = weighted
        .join(ranks, (link, page) => link.source.eq(page.page))
        .groupBy("target")
        .agg((c) => ({ given: c.rank.div(c.degree).sum() }))
        .cache();
      const [all] = await received.agg((c) => ({ given: c.given.sum() })).collect();
      const base = (1 - damping * (all?.given ?? 0)) / total;
      ranks = pages
        .join(received, (page, link) => page.page.eq(link.target), "left")
        .select("page", (c) => ({ rank: c.given.coalesce(0).mul(damping).add(base) }));
    }
    await ranks.orderBy("rank", "desc").write.ndjson(output);
    return { pages: total };
  },
});
