// Columns that are found in files of text: the engine, over parts of a few bytes, and the test kit find the same ones.

import { expect, test } from "vitest";
import { createBundle } from "../../sdk/driver/create-bundle.ts";
import type { Millrace } from "../../sdk/index.ts";
import { date, defineJob, float64, int64, utf8, z } from "../../sdk/index.ts";
import { testJob } from "../../sdk/testing/test-job.ts";
import { runInMemory } from "./in-memory-engine.ts";

const texts = {
  "sales/a.csv":
    'shop,zip,price,sold,id\nnorth,01234,2.5,2024-02-29,9007199254740993\n"a, b",00007,,2024-03-01,2\n',
  "sales/b.csv": "shop,zip,price,sold,id\nsouth,77777,-1e3,,-1\n",
  "events.ndjson":
    '{"user":"ada","n":1,"at":"2024-02-29T10:00:00Z","tags":["a"]}\n{"user":"bob","n":2.5,"place":{"x":1}}\n',
};
const context = {
  ...{ jobId: "j", paramsJson: "{}", seed: 1, submittedWallMs: 0, workingFolder: "/base" },
};
const planTargets = { splitBytes: 16, partitionBytes: 16, coalescedBytes: 32 };

/** What the engine and the kit answer, or the message of what they throw. */
async function both(run: (mr: Millrace) => Promise<unknown>) {
  const job = defineJob({ name: "inferred", params: z.object({}), run });
  const files = new Map(
    Object.entries(texts).map(([path, text]) => [
      `file:///base/${path}`,
      new TextEncoder().encode(text),
    ]),
  );
  const orMessage = (answer: Promise<unknown>) =>
    answer.catch(({ code, message }) => `${code} ${message}`);
  const engine = runInMemory({ bundle: createBundle(job), context, files, planTargets });
  return {
    engine: await orMessage(engine.then(({ value }) => value)),
    kit: await orMessage(testJob(job, {}, { files: texts }).then(({ result }) => result)),
  };
}

test("of CSV files: texts with zeros in front stay texts, nothing is null", async () => {
  const rows = [
    { shop: "a, b", zip: "00007", price: null, sold: new Date("2024-03-01"), id: 2n },
    {
      ...{ shop: "north", zip: "01234", price: 2.5, sold: new Date("2024-02-29") },
      id: 9_007_199_254_740_993n,
    },
    { shop: "south", zip: "77777", price: -1000, sold: null, id: -1n },
  ];
  const found = await both((mr) =>
    mr.read.csv("sales/", { schema: "infer" }).orderBy("shop").collect(),
  );
  expect(found).toEqual({ engine: rows, kit: rows });
});

test("and are columns: cast where they are used, checked before anything runs", async () => {
  const total = await both((mr) =>
    mr.read
      .csv("sales/", { schema: "infer" })
      .where((c) => c("sold").cast(date).isNotNull().and(c("zip").cast(utf8).startsWith("0")))
      .agg((c) => ({ id: c("id").cast(int64).sum(), price: c("price").cast(float64).sum() }))
      .collect(),
  );
  const rows = [{ id: 9_007_199_254_740_995n, price: 2.5 }];
  expect(total).toEqual({ engine: rows, kit: rows });
  // Before a limit too, no row is looked at.
  const misspelt = await both((mr) =>
    mr.read.csv("sales/", { schema: "infer" }).select("shpo").take(1),
  );
  const message =
    "PLAN_INVALID select#1: there is no column shpo; did you mean shop? The columns are: shop, zip, price, sold, id";
  expect(misspelt).toEqual({ engine: message, kit: message });
});

test("of NDJSON: keys of any line, nested ones too", async () => {
  const rows = [
    { user: "ada", n: 1, at: new Date("2024-02-29T10:00:00Z"), tags: ["a"], place: null },
    { user: "bob", n: 2.5, at: null, tags: null, place: { x: 1 } },
  ];
  const found = await both((mr) =>
    mr.read.ndjson("events.ndjson", { schema: "infer" }).orderBy("user").collect(),
  );
  expect(found).toEqual({ engine: rows, kit: rows });
});
