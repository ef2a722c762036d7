// Type tests: what must compile, what must not, and which types come out. Nothing here touches data.

import { expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { CommittedOutput } from "../../proto/plan/bundle.ts";
import type { Dataset } from "./dataset.ts";
import { defineJob, type Job } from "./define-job.ts";
import type { Millrace } from "./millrace.ts";

interface Sale {
  readonly shop: string;
  readonly price: number;
  readonly tags: readonly string[];
  readonly discount?: number;
}

/** Checked by the compiler, never called. */
function compiles(mr: Millrace, sales: Dataset<Sale>, words: Dataset<string>): void {
  const counts = words.countByValue();
  expectTypeOf(counts).toEqualTypeOf<Dataset<{ readonly value: string; readonly count: number }>>();
  counts.orderBy("count", "desc");
  counts.orderBy("value");
  // @ts-expect-error a misspelt column
  counts.orderBy("cuont");
  // @ts-expect-error a misspelt direction
  counts.orderBy("count", "descending");
  sales.orderBy("discount");
  sales.orderBy((sale) => sale.price);
  // @ts-expect-error a list has no order
  sales.orderBy("tags");
  // @ts-expect-error a misspelt field in a function
  sales.map((sale) => sale.prise);
  // @ts-expect-error a function that answers no order
  sales.orderBy((sale) => sale.tags);
  words.orderBy("value");
  // @ts-expect-error scalar rows have the one column "value"
  words.orderBy("length");

  const pairs = sales.keyBy((sale) => sale.shop);
  expectTypeOf(pairs).toEqualTypeOf<Dataset<[string, Sale]>>();
  pairs.orderBy("key");
  expectTypeOf(words.map((word) => [word, 1] as const).reduceByKey((a, b) => a + b)).toEqualTypeOf<
    Dataset<[string, number]>
  >();
  const tallies = words.map((word) => [word, { length: word.length, count: 1 }] as const);
  tallies.reduceByKey((a, b) => ({ length: a.length + b.length, count: a.count + b.count }));
  expectTypeOf(pairs.reduceByKey((a) => a)).toEqualTypeOf<Dataset<[string, Sale]>>();
  // @ts-expect-error rows are no pairs
  sales.reduceByKey((a, b) => a + b);
  // @ts-expect-error the combined value is of another type
  pairs.reduceByKey(() => 3);

  // A dataset of narrower rows serves where wider ones are asked for, not the other way round.
  const priced: Dataset<{ readonly price: number }> = sales;
  priced.orderBy("price");
  // @ts-expect-error rows without shop and tags
  const all: Dataset<Sale> = priced;
  all.count();

  expectTypeOf(words.filter((word): word is "a" => word === "a")).toEqualTypeOf<Dataset<"a">>();
  expectTypeOf(words.take(3)).toEqualTypeOf<Promise<string[]>>();
  expectTypeOf(sales.first()).toEqualTypeOf<Promise<Sale | undefined>>();
  expectTypeOf(sales.count()).toEqualTypeOf<Promise<number>>();
  expectTypeOf(words.write.text("out")).toEqualTypeOf<Promise<CommittedOutput>>();
  // @ts-expect-error text is for strings
  sales.write.text("out");

  expectTypeOf(mr.read.csv("a.csv")).toEqualTypeOf<Dataset<Record<string, string>>>();
  const typed = mr.read.csv("a.csv", { columns: { shop: "string", price: "number" } });
  expectTypeOf(typed).toEqualTypeOf<Dataset<{ readonly shop: string; readonly price: number }>>();
  typed.orderBy("price");
  // @ts-expect-error no such column
  typed.orderBy("pric");
  // @ts-expect-error no such column type
  mr.read.csv("a.csv", { columns: { shop: "text" } });
  expectTypeOf(mr.read.ndjson("a")).toEqualTypeOf<Dataset<unknown>>();
  expectTypeOf(mr.read.ndjson<Sale>("a")).toEqualTypeOf<Dataset<Sale>>();
  const schema = z.object({ shop: z.string(), price: z.number() });
  expectTypeOf(mr.read.ndjson("a", { schema })).toEqualTypeOf<
    Dataset<{ shop: string; price: number }>
  >();
}

function jobTypes(): void {
  const job = defineJob({
    name: "typed",
    params: z.object({ input: z.string(), top: z.number().default(3) }),
    run: async (mr, params) => {
      expectTypeOf(params).toEqualTypeOf<{ input: string; top: number }>();
      // @ts-expect-error no such parameter
      params.output;
      return await mr.read.text(params.input).count();
    },
  });
  expectTypeOf(job.run).returns.toEqualTypeOf<Promise<number>>();
  const anyJob: Job = job as unknown as Job;
  expectTypeOf(anyJob.name).toEqualTypeOf<string>();
}

test("the compiler checked this file", () => {
  expectTypeOf(compiles).toBeFunction();
  expectTypeOf(jobTypes).toBeFunction();
});
