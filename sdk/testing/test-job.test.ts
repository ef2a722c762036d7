// Jobs run in memory: reading, ordering, outputs and errors.

import { describe, expect, test } from "vitest";
import { z } from "zod";
import { binary } from "../columns/column-type.ts";
import { schema } from "../columns/schema.ts";
import { defineJob } from "../dataset/define-job.ts";
import type { Millrace } from "../dataset/millrace.ts";
import { testJob } from "./test-job.ts";

const jobOf = <Result>(run: (mr: Millrace) => Promise<Result>) =>
  defineJob({ name: "tested", params: z.object({}), run });

async function rowsOf(
  read: (mr: Millrace) => { collect(): Promise<unknown[]> },
  files: Readonly<Record<string, string>>,
): Promise<unknown[]> {
  const { result } = await testJob(
    jobOf(async (mr) => await read(mr).collect()),
    {},
    { files },
  );
  return result;
}

describe("reading", () => {
  test("lines, in the order of the files", async () => {
    const files = { "in/b.txt": "three\r\n", "in/a.txt": "\ufeffone\n\ntwo", "in/_hidden": "no" };
    expect(await rowsOf((mr) => mr.read.text("in"), files)).toEqual(["one", "", "two", "three"]);
    expect(await rowsOf((mr) => mr.read.text("in/*.txt"), files)).toHaveLength(4);
    expect(await rowsOf((mr) => mr.read.text("./in/b.txt"), files)).toEqual(["three"]);
  });

  test("NDJSON, checked by a schema where there is one", async () => {
    const files = { "s3://b/x.ndjson": '{"a":1}\n\n{"a":"2"}\n' };
    expect(await rowsOf((mr) => mr.read.ndjson("s3://b/x.ndjson"), files)).toEqual([
      { a: 1 },
      { a: "2" },
    ]);
    const schema = z.object({ a: z.number() });
    const checked = rowsOf((mr) => mr.read.ndjson("s3://b/x.ndjson", { schema }), files);
    await expect(checked).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
    await expect(checked).rejects.toThrow(/field 'a'/);
    await expect(rowsOf((mr) => mr.read.ndjson("x"), { x: "{}\n{" })).rejects.toThrow(/line 2/);
  });

  test("CSV with quotes, types and other delimiters", async () => {
    const files = { "a.csv": 'n,t,b\r\n1.5,"x, ""y""\r\nz",true\r\n-2,plain,FALSE\r\n' };
    const columns = { n: "number", t: "string", b: "boolean" } as const;
    expect(await rowsOf((mr) => mr.read.csv("a.csv", { columns }), files)).toEqual([
      { n: 1.5, t: 'x, "y"\r\nz', b: true },
      { n: -2, t: "plain", b: false },
    ]);
    expect(
      await rowsOf((mr) => mr.read.csv("a", { header: false, delimiter: ";" }), { a: "1;\n;2" }),
    ).toEqual([
      { c0: "1", c1: "" },
      { c0: "", c1: "2" },
    ]);
  });

  test("bytes are base64, in CSV and in NDJSON", async () => {
    const columns = { schema: schema({ raw: binary.nullable() }) };
    const files = { c: 'raw,n\n/wAi,1\n"",2\n,3\n', n: '{"raw":"/wAi"}\n{"raw":""}\n{}\n' };
    const rows = [Uint8Array.of(255, 0, 34), new Uint8Array(0), null].map((raw) => ({ raw }));
    expect(await rowsOf((mr) => mr.read.csv("c", columns), files)).toEqual(rows);
    expect(await rowsOf((mr) => mr.read.ndjson("n", columns), files)).toEqual(rows);
    const read = rowsOf((mr) => mr.read.csv("c", columns), { c: "raw\n?\n" });
    await expect(read).rejects.toMatchObject({ code: "INPUT_MALFORMED" });
  });

  test.each([
    ["a,b\n1\n", {}, /record 1 has 1 fields where 2 belong/],
    ['a\n"x', {}, /no end/],
    ["a\nx\n", { columns: { a: "number" } }, /"x" is not a number/],
    ["a\nx\n", { columns: { b: "number" } }, /no column "b"/],
  ] as const)("refuses the CSV file %j", async (text, options, message) => {
    const read = rowsOf((mr) => mr.read.csv("a", options as never), { a: text });
    await expect(read).rejects.toThrow(message);
  });

  test("columns that are declared are known though there is no row", async () => {
    const columns = { a: "number" } as const;
    const read = rowsOf((mr) => mr.read.csv("a", { columns }).orderBy("b" as "a"), { a: "a\n" });
    await expect(read).rejects.toMatchObject({ code: "PLAN_INVALID" });
  });

  test("a missing file is told with those that there are", async () => {
    const read = rowsOf((mr) => mr.read.text("in.txt"), { "other.txt": "" });
    await expect(read).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    await expect(read).rejects.toThrow(/the test has file:\/\/\/test\/other\.txt/);
  });
});

describe("running", () => {
  const files = { "in.txt": "to be\nor not to be\n" };

  test("outputs are found by the folder as the job named it", async () => {
    const job = defineJob({
      name: "words",
      params: z.object({ output: z.string(), top: z.number().default(2) }),
      run: async (mr, { output, top }) => {
        const words = mr.read.text("in.txt").flatMap((line) => line.split(" "));
        const counts = words.countByValue().orderBy("count", "desc");
        await counts.limit(top).write.ndjson(output);
        await words.write.text("/abs/words/");
        return await words.count();
      },
    });
    const { result, outputs } = await testJob(job, { output: "out/counts" }, { files });
    expect(result).toBe(6);
    expect(outputs["out/counts"]).toEqual([
      { value: "be", count: 2 },
      { value: "to", count: 2 },
    ]);
    expect(outputs["/abs/words"]).toHaveLength(6);
    await expect(testJob(job, {} as never, { files })).rejects.toThrow(/output: is required/);
  });

  test("pairs are reduced by key, rows reduced to one", async () => {
    const job = jobOf(async (mr) => {
      const lengths = mr.read.text("in.txt").map((line) => line.length);
      const byParity = await lengths
        .keyBy((length) => length % 2)
        .reduceByKey((a, b) => a + b)
        .collect();
      return { byParity, sum: await lengths.reduce((a, b) => a + b) };
    });
    const { result } = await testJob(job, {}, { files });
    expect(result).toEqual({
      byParity: [
        [1, 5],
        [0, 12],
      ],
      sum: 17,
    });
  });

  test("rows are ordered by column, function and whole row", async () => {
    const ordered = async (order: (mr: Millrace) => { collect(): Promise<unknown[]> }) =>
      await rowsOf(order, { in: "b\nA\nc\na\n" });
    expect(await ordered((mr) => mr.read.text("in").orderBy("value"))).toEqual([
      "A",
      "a",
      "b",
      "c",
    ]);
    expect(
      await ordered((mr) => mr.read.text("in").orderBy((line) => line.toLowerCase(), "desc")),
    ).toEqual(["c", "b", "A", "a"]);
    const limited = await testJob(
      jobOf(async (mr) => await mr.read.text("in").orderBy("value", "desc").first()),
      {},
      { files: { in: "1\n2\n" } },
    );
    expect(limited.result).toBe("2");
  });

  test("what a function throws comes as it is; what is no row is refused", async () => {
    const failing = jobOf(async (mr) => {
      const thrower = (): number => {
        throw new RangeError("mine");
      };
      return await mr.read.text("in.txt").map(thrower).count();
    });
    await expect(testJob(failing, {}, { files })).rejects.toThrow(RangeError);
    const unsupported = jobOf(
      async (mr) =>
        await mr.read
          .text("in.txt")
          .map(() => new Map())
          .count(),
    );
    await expect(testJob(unsupported, {}, { files })).rejects.toMatchObject({
      code: "VALUE_UNSUPPORTED",
    });
  });

  test("the clock and the dice are those of the test", async () => {
    const job = jobOf(async (mr) => ({ at: mr.now(), dice: mr.random() }));
    const first = await testJob(job, {}, { nowMs: 5, seed: 1 });
    expect(first.result.at).toBe(5);
    expect((await testJob(job, {}, { nowMs: 5, seed: 1 })).result).toEqual(first.result);
    expect((await testJob(job, {}, { nowMs: 5, seed: 2 })).result).not.toEqual(first.result);
  });
});
