// Measures column expressions against plain loops over the same columns, interleaved, best and median.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { givenNumbers } from "./given-numbers.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const usage = "node bench/micro/expressions.mjs [millions of rows] [runs]";
const [millions, runs] = givenNumbers(usage, [10, 5]);
const rows = Math.ceil(millions * 1_000_000);
const batchRows = 65_536;

const { outputFiles } = await build({
  stdin: {
    contents: `
      export { compileExpr, compilePredicate } from "./worker/kernels/expressions/compile-expr.ts";
      export { encodeStrings } from "./proto/batch/text.ts";
    `,
    resolveDir: root,
    loader: "ts",
  },
  bundle: true,
  format: "esm",
  platform: "node",
  write: false,
});
const code = Buffer.from(outputFiles[0].contents).toString("base64");
const { compileExpr, compilePredicate, encodeStrings } = await import(
  `data:text/javascript;base64,${code}`
);

const column = (name) => ({ kind: "column", name });
const call = (name, ...args) => ({ kind: "call", name, args });
const float = (value) => ({ kind: "literal", type: { kind: "float64" }, text: String(value) });
const text = (value) => ({ kind: "literal", type: { kind: "utf8" }, text: value });

const base = (name, length) => ({ name, length, nulls: "null", validity: undefined });
const floats = (name, values) => ({ ...base(name, values.length), type: "float64", values });
const wholes = (name, values) => ({ ...base(name, values.length), type: "int64", values });

let state = 1;
const random = () => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
};
const cities = Array.from(
  { length: 1000 },
  (_, index) => `city of ${index} ${"x".repeat(index % 20)}`,
);

/** Batches as tasks see them: a quarter of the rows passes the filter. */
function makeBatch() {
  const price = Float64Array.from({ length: batchRows }, () => random() * 100);
  const share = Float64Array.from({ length: batchRows }, () => random() * 0.1);
  const count = BigInt64Array.from({ length: batchRows }, () => BigInt(Math.floor(random() * 1e6)));
  const words = Array.from({ length: batchRows }, () => cities[Math.floor(random() * 1000)]);
  const city = { ...base("city", batchRows), type: "utf8", ...encodeStrings(words) };
  const at = BigInt64Array.from(
    { length: batchRows },
    () => BigInt(Math.floor(random() * 1.7e9)) * 1_000_000n,
  );
  const time = { ...base("at", batchRows), type: "timestamp", zone: "Europe/Berlin", values: at };
  const columns = [
    floats("price", price),
    floats("share", share),
    wholes("count", count),
    city,
    time,
  ];
  return { shape: "record", rows: batchRows, columns };
}
const batches = Array.from({ length: 8 }, makeBatch);
const passes = Math.ceil(rows / batchRows);

const filter = compilePredicate(
  call(
    "and",
    call("and", call("gt", column("price"), float(25)), call("lt", column("price"), float(75))),
    call("ge", column("share"), float(0.05)),
  ),
);
const product = compileExpr(call("multiply", column("price"), column("share")));
const sumOfWholes = compileExpr(call("add", column("count"), column("count")));
const equals = compilePredicate(call("eq", column("city"), text(cities[7])));
const like = compilePredicate(call("like", column("city"), text("%of 77%")));
const hour = compileExpr(call("hour", column("at")));

const counted = (selection) => (selection === undefined ? batchRows : selection.length);

function sumWhere({ values }, selection) {
  let sum = 0;
  for (let i = 0; i < selection.length; i++) sum += values[selection[i]];
  return sum;
}

const measures = {
  "filter of three conditions, product, sum": {
    engine: (batch) => sumWhere(product(batch), filter(batch)),
    loop: ({ columns: [{ values: price }, { values: share }] }) => {
      let sum = 0;
      for (let i = 0; i < batchRows; i++) {
        if (price[i] > 25 && price[i] < 75 && share[i] >= 0.05) sum += price[i] * share[i];
      }
      return sum;
    },
  },
  "filter of three conditions": {
    engine: (batch) => counted(filter(batch)),
    loop: ({ columns: [{ values: price }, { values: share }] }) => {
      const out = new Int32Array(batchRows);
      let count = 0;
      for (let i = 0; i < batchRows; i++) {
        if (price[i] > 25 && price[i] < 75 && share[i] >= 0.05) out[count++] = i;
      }
      return count;
    },
  },
  "product of two float64": {
    engine: (batch) => product(batch).values[1],
    loop: ({ columns: [{ values: price }, { values: share }] }) => {
      const out = new Float64Array(batchRows);
      for (let i = 0; i < batchRows; i++) out[i] = price[i] * share[i];
      return out[1];
    },
  },
  "sum of two int64, checked": {
    engine: (batch) => Number(sumOfWholes(batch).values[1]),
    loop: ({ columns }) => {
      const { values } = columns[2];
      const out = new BigInt64Array(batchRows);
      for (let i = 0; i < batchRows; i++) out[i] = values[i] + values[i];
      return Number(out[1]);
    },
  },
  "text = literal": {
    engine: (batch) => counted(equals(batch)),
    loop: ({ columns }) => textLoop(columns[3], (word) => word === cities[7]),
  },
  "text like %literal%": {
    engine: (batch) => counted(like(batch)),
    loop: ({ columns }) => textLoop(columns[3], (word) => word.includes("of 77")),
  },
  "hour in Europe/Berlin": { engine: (batch) => hour(batch).values[1] },
};

/** A string for each row, as code over rows would have it. */
function textLoop({ offsets, values }, test) {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  let count = 0;
  for (let i = 0; i < batchRows; i++) {
    if (test(bytes.latin1Slice(offsets[i], offsets[i + 1]))) count++;
  }
  return count;
}

function timed(run) {
  const start = process.hrtime.bigint();
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) sum += run(batches[pass % batches.length]);
  return { seconds: Number(process.hrtime.bigint() - start) / 1e9, sum };
}

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const rate = (seconds) => `${((passes * batchRows) / seconds / 1e6).toFixed(0)} M rows/s`;

console.log(`${passes * batchRows} rows, ${runs} runs, median (best)\n`);
console.log("| what | expression | plain loop |\n| --- | --- | --- |");
for (const [name, { engine, loop }] of Object.entries(measures)) {
  const times = { engine: [], loop: [] };
  for (let run = 0; run < runs; run++) {
    const own = timed(engine);
    times.engine.push(own.seconds);
    if (loop === undefined) continue;
    const plain = timed(loop);
    times.loop.push(plain.seconds);
    if (Math.abs(plain.sum - own.sum) > 1e-6 * Math.abs(own.sum)) {
      throw new Error(`${name}: ${own.sum} is not ${plain.sum}`);
    }
  }
  const shown = (values) =>
    values.length === 0 ? "" : `${rate(median(values))} (${rate(Math.min(...values))})`;
  console.log(`| ${name} | ${shown(times.engine)} | ${shown(times.loop)} |`);
}
