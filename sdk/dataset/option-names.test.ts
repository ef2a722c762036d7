// Options that nothing would look at are refused by name, wherever a dataset takes some.

import { expect, test } from "vitest";
import { DriverSession } from "../driver/session.ts";
import { type Dataset, int32, type RowOf, rowNumber, schema, utf8 } from "../index.ts";
import { createMillrace, type Millrace } from "./millrace.ts";

const refuse = (): Promise<never> => Promise.reject(new Error("nothing runs here"));
const flights = schema({ origin: utf8, delay: int32 });

const typed = { schema: flights };
type Rows = Dataset<RowOf<typeof flights>>;

/** `never` stands for what plain JavaScript may hand over. */
const cases: readonly (readonly [string, (mr: Millrace, rows: Rows) => unknown])[] = [
  [
    "read.parquet: its options are a schema; give { schema: … }",
    (mr) => mr.read.parquet("f", flights as never),
  ],
  [
    "read.parquet: there is no option 'shema'; did you mean 'schema'?",
    (mr) => mr.read.parquet("f", { shema: flights } as never),
  ],
  ["read.arrow: its options are string;", (mr) => mr.read.arrow("f", "infer" as never)],
  [
    "read.ndjson: there is no option 'partitionColumns'; there are schema",
    (mr) => mr.read.ndjson("f", { partitionColumns: true } as never),
  ],
  [
    "read.csv: there is no option 'delimeter'; did you mean 'delimiter'?",
    (mr) => mr.read.csv("f", { delimeter: ";" } as never),
  ],
  ["read.csv: there is no option 'nullText'", (mr) => mr.read.csv("f", { nullText: "-" } as never)],
  [
    "write.arrow: there is no option 'compression'",
    (_, rows) => rows.write.arrow("o", { compression: "zstd" } as never),
  ],
  [
    "write.csv: there is no option 'headers'; did you mean 'header'?",
    (_, rows) => rows.write.csv("o", { headers: false } as never),
  ],
  [
    "write.text: there is no option 'partitionBy'",
    (_, rows) => rows.map(() => "").write.text("o", { partitionBy: "a" } as never),
  ],
  [
    "join: there is no option 'how'; there are type, rename, strategy",
    (_, rows) => rows.join(rows as never, "origin" as never, { how: "left" } as never),
  ],
  ["sample: its options are number", (_, rows) => rows.sample(0.5, 7 as never)],
  [
    "mapAsync: there is no option 'parallel'",
    (_, rows) => rows.mapAsync(async () => 1, { parallel: 3 } as never),
  ],
  ["checkpoint: its options are string", (_, rows) => rows.checkpoint("folder" as never)],
  [
    "range: there is no option 'partition'; did you mean 'partitions'?",
    (mr) => mr.range(3, { partition: 3 } as never),
  ],
  ["range has partitions: 0; give a whole", (mr) => mr.range(0, 3, 1, { partitions: 0 })],
  ["range: its options are number", (mr) => mr.range(0, 3, 1, 4 as never)],
  ["range from 0 to 1.5 by 1;", (mr) => mr.range(1.5)],
  ["lock: its options are number", (mr) => mr.lock("name", 500 as never)],
  [
    "over: there is no option 'partitonBy'; did you mean 'partitionBy'?",
    (_, rows) => rows.select((c) => ({ n: rowNumber().over({ partitonBy: c.origin } as never) })),
  ],
  [
    "a frame of over: there is no option 'from'; there are unit, start, end",
    (_, rows) =>
      rows.select((c) => ({
        n: c.delay.sum().over({ orderBy: c.delay, frame: { from: -1 } as never }),
      })),
  ],
];

test.each(cases)("%s", async (message, run) => {
  const mr: Millrace = createMillrace(new DriverSession("/base", refuse, refuse), 0, () => 0);
  const rows = mr.read.csv("airports.csv", typed);
  const running = async () => await run(mr, rows);
  await expect(running()).rejects.toMatchObject({
    code: "PLAN_INVALID",
    message: expect.stringContaining(message),
  });
});
