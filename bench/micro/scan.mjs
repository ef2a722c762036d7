// Measures scans of a Parquet file in one thread, from its bytes in memory to an answer, each answer held against a
// plain loop over the numbers that the file was made of. Seconds are those of the processor, so that a busy machine does
// not change them much.
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { givenNumbers } from "./given-numbers.mjs";

const usage = "node bench/micro/scan.mjs [millions of rows] [runs]";
const [millions, runs] = givenNumbers(usage, [2, 5]);
const rows = Math.ceil(millions * 1_000_000);

async function loaded() {
  const folder = join(tmpdir(), `millrace-scan-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, "scan.mjs");
  const modules = [
    "proto/formats/compression/codecs",
    "proto/formats/parquet/read-file",
    "proto/formats/parquet/write-file",
    "worker/operators/aggregate",
    "worker/operators/where",
    "worker/sources/column-tests",
    "worker/kernels/columns/gather",
    "worker/memory/memory-for-tests",
  ];
  await build({
    stdin: {
      contents: modules.map((name) => `export * from "./${name}.ts";`).join(""),
      resolveDir: fileURLToPath(new URL("../../", import.meta.url)),
    },
    ...{ outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" },
    external: ["@bokuweb/zstd-wasm"],
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  const found = await import(pathToFileURL(outfile).href);
  rmSync(folder, { recursive: true });
  return found;
}

const engine = await loaded();

let state = 12345;
/** A whole number below 2^32. */
function next() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}

const numbers = (most, least = 0) =>
  Int32Array.from({ length: rows }, () => least + (next() % (most + 1 - least)));
const made = {
  shipped: numbers(2500),
  discount: numbers(10),
  tax: numbers(8),
  quantity: numbers(5000, 100),
  price: numbers(10_000_000, 90_000),
  flag: numbers(2),
};

const money = { kind: "decimal", precision: 15, scale: 2 };
const base = (name, length) => ({ name, length, nulls: "null", validity: undefined });
const decimals = (name, values) => ({
  ...base(name, values.length),
  ...{ type: "decimal", precision: 15, scale: 2 },
  values: BigInt64Array.from(values, BigInt),
});

function columnsAt(start, end) {
  const part = (name) => made[name].subarray(start, end);
  const offsets = Int32Array.from({ length: end - start + 1 }, (_, i) => i);
  const letters = Uint8Array.from(part("flag"), (flag) => 65 + flag);
  return [
    { ...base("shipped", end - start), type: "date", values: part("shipped") },
    decimals("discount", part("discount")),
    decimals("tax", part("tax")),
    decimals("quantity", part("quantity")),
    decimals("price", part("price")),
    { ...base("flag", end - start), type: "utf8", offsets, values: letters },
  ];
}

async function fileOf() {
  const fields = [
    { name: "shipped", type: { kind: "date" } },
    ...["discount", "tax", "quantity", "price"].map((name) => ({ name, type: money })),
    { name: "flag", type: { kind: "utf8" } },
  ].map((field) => ({ ...field, nullable: false }));
  const writer = new engine.ParquetWriter({ fields }, "snappy", await engine.packerOf("snappy"));
  const parts = [];
  for (let start = 0; start < rows; start += 65_536) {
    const end = Math.min(rows, start + 65_536);
    const batch = { shape: "record", rows: end - start, columns: columnsAt(start, end) };
    parts.push(...writer.write(batch));
  }
  return Buffer.concat([...parts, ...writer.finish()]);
}

const bytes = await fileOf();
const input = {
  uri: "file:///scan",
  sizeBytes: bytes.length,
  read: async (at, length) => Uint8Array.from(bytes.subarray(at, at + length)),
};

/** Pushes what is read into a stage as the source of a task does. */
async function scan(names, condition, stage) {
  const file = await engine.openParquet(input);
  const { schema } = file;
  const fields = names.map((name) => schema.fields.find((field) => field.name === name));
  const found = condition && engine.columnTests(condition, schema.fields);
  const filter = found && { tests: found.tests, gather: engine.gather, leaveOut: () => undefined };
  const selection = { fields, schema, startByte: 0, endByte: bytes.length, filter };
  for await (const batch of engine.readParquet(file, selection)) {
    if (batch.rows > 0) stage.pushBatch(batch);
  }
  for (const _ of stage.finish());
}

const column = (name) => ({ kind: "column", name });
const call = (name, ...args) => ({ kind: "call", name, args });
const amount = (text) => ({ kind: "literal", type: money, text });
const day = (days) => ({ kind: "literal", type: { kind: "date" }, text: String(days) });
const aggregate = (name, of, ...args) => ({ name, call: { function: of, args, distinct: false } });

function aggregating(program) {
  const answers = [];
  const out = { pushBatch: (batch) => answers.push(batch), wantsMore: () => true };
  const stage = engine.aggregateStage(
    { phase: "whole", ...program },
    engine.operatorMemoryOf(),
    out,
  );
  return { stage, answers };
}

/** The lower word of a sum of each group: sums here are below 2^63. */
const sumsOf = (answer, name) => {
  const { values } = answer.columns.find((found) => found.name === name);
  return Array.from({ length: answer.rows }, (_, row) => Number(values[2 * row]));
};
const total = (values) => values.reduce((sum, value) => sum + value, 0);

const few = [
  call("ge", column("shipped"), day(730)),
  call("lt", column("shipped"), day(1095)),
  call("ge", column("discount"), amount("0.05")),
  call("le", column("discount"), amount("0.07")),
  call("lt", column("quantity"), amount("24")),
].reduce((left, right) => call("and", left, right));
const discounted = call(
  "multiply",
  column("price"),
  call("subtract", amount("1"), column("discount")),
);
const charged = call("multiply", discounted, call("add", amount("1"), column("tax")));

const scans = {
  "four columns": async () => {
    let sum = 0;
    await scan(["shipped", "discount", "quantity", "price"], undefined, {
      pushBatch: ({ rows: own }) => {
        sum += own;
      },
      finish: () => [],
    });
    return sum;
  },
  "one row of fifty": async () => {
    const product = call("multiply", column("price"), column("discount"));
    const { stage, answers } = aggregating({
      keys: [],
      aggregates: [aggregate("sum", "sum", product)],
    });
    await scan(["price", "discount"], few, stage);
    return total(sumsOf(answers[0], "sum"));
  },
  "sums of nearly all": async () => {
    const { stage, answers } = aggregating({
      keys: [{ name: "flag", expr: column("flag") }],
      aggregates: [
        aggregate("quantity", "sum", column("quantity")),
        aggregate("price", "sum", column("price")),
        aggregate("discounted", "sum", discounted),
        aggregate("charged", "sum", charged),
        aggregate("mean", "avg", column("discount")),
        aggregate("rows", "count"),
      ],
    });
    const names = ["flag", "quantity", "price", "discount", "tax"];
    await scan(names, call("le", column("shipped"), day(2450)), stage);
    return total(sumsOf(answers[0], "charged"));
  },
};

function plain(name) {
  const { shipped, discount, tax, quantity, price } = made;
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    if (name === "one row of fifty") {
      const isIn = shipped[i] >= 730 && shipped[i] < 1095 && quantity[i] < 2400;
      if (isIn && discount[i] >= 5 && discount[i] <= 7) sum += price[i] * discount[i];
    } else if (name === "sums of nearly all" && shipped[i] <= 2450) {
      sum += price[i] * (100 - discount[i]) * (100 + tax[i]);
    } else if (name === "four columns") sum++;
  }
  return sum;
}

for (const [name, run] of Object.entries(scans)) {
  const wanted = plain(name);
  const seconds = [];
  for (let i = 0; i <= runs; i++) {
    const before = process.cpuUsage();
    const found = await run();
    const { user, system } = process.cpuUsage(before);
    if (Math.abs(found - wanted) > 1e-9 * wanted)
      throw new Error(`${name}: ${found}, not ${wanted}`);
    // The first runs warm up.
    if (i > 0) seconds.push((user + system) / 1e6);
  }
  seconds.sort((a, b) => a - b);
  const middle = seconds[seconds.length >> 1];
  const spread = `${seconds[0].toFixed(3)}-${seconds.at(-1).toFixed(3)} s`;
  console.log(
    `${name.padEnd(20)} ${(rows / middle / 1e6).toFixed(1).padStart(6)} M rows/s  [${spread}]`,
  );
}
