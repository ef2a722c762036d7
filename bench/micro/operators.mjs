// Measures built-in operators on typed columns in one thread, each beside a plain loop that does the same.
// Seconds are those of the processor, garbage collection included: a busy machine does not change them much.
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { givenNumbers } from "./given-numbers.mjs";

const batchRows = 65_536;
const usage = "node bench/micro/operators.mjs [millions of rows] [runs]";
const [millions, runs] = givenNumbers(usage, [10, 3]);
const rows = Math.ceil(millions * 1_000_000);

/** Bundles the operators as a build does, and returns the file. */
async function loadOperators() {
  const folder = fileURLToPath(new URL("../../worker/operators/", import.meta.url));
  const output = join(tmpdir(), `millrace-operators-${process.pid}`);
  mkdirSync(output, { recursive: true });
  const outfile = join(output, "operators.mjs");
  await build({
    stdin: {
      contents: [
        ...["aggregate", "join", "sort-by"].map((name) => `export * from "./${name}.ts";`),
        'export { memory } from "../../bench/micro/kernels/kernel.ts";',
      ].join(""),
      resolveDir: folder,
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  const loaded = await import(pathToFileURL(outfile).href);
  rmSync(output, { recursive: true });
  return loaded;
}

let state = 12345;
/** A whole number below 2^32. */
function next() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}

const base = (name, length) => ({ name, length, nulls: "null", validity: undefined });
const floats = (name, values) => ({ ...base(name, values.length), type: "float64", values });
const ints = (name, values) => ({ ...base(name, values.length), type: "int32", values });

function texts(name, words, picks) {
  const offsets = new Int32Array(picks.length + 1);
  for (let i = 0; i < picks.length; i++) offsets[i + 1] = offsets[i] + words[picks[i]].length;
  const values = new Uint8Array(offsets[picks.length]);
  for (let i = 0; i < picks.length; i++) values.set(words[picks[i]], offsets[i]);
  return { ...base(name, picks.length), type: "utf8", offsets, values };
}

function batchesOf(columnsAt) {
  const batches = [];
  for (let start = 0; start < rows; start += batchRows) {
    const end = Math.min(start + batchRows, rows);
    batches.push({ shape: "record", rows: end - start, columns: columnsAt(start, end) });
  }
  return batches;
}

function run(make, batches, side = []) {
  let out = 0;
  let check = 0;
  const stage = make({
    push: () => undefined,
    pushBatch: (batch) => {
      out += batch.rows;
      const last = batch.columns.at(-1);
      if (last.type === "float64") check += last.values[0];
    },
    wantsMore: () => true,
    finish: () => [],
    takesSmall: false,
  });
  for (const batch of side) stage.side.pushBatch(batch);
  for (const batch of batches) stage.pushBatch(batch);
  for (const _ of stage.finish());
  return out + check * 0;
}

function measure(what, work) {
  const seconds = [];
  let answer;
  for (let i = 0; i < runs; i++) {
    globalThis.gc?.();
    const start = process.cpuUsage();
    answer = work();
    const { user, system } = process.cpuUsage(start);
    seconds.push((user + system) / 1e6);
  }
  const best = Math.min(...seconds);
  const all = seconds.map((s) => s.toFixed(2)).join(" ");
  console.log(
    `${what.padEnd(52)} ${(rows / best / 1e6).toFixed(1).padStart(7)} M rows/s  (${all} s, ${answer})`,
  );
}

const { aggregateStage, joinStage, memory, sortByStage } = await loadOperators();
const column = (name) => ({ kind: "column", name });
const sumByKey = {
  phase: "whole",
  keys: [{ name: "k", expr: column("k") }],
  aggregates: [{ name: "s", call: { function: "sum", args: [column("v")], distinct: false } }],
};
const grouped = (batches) => () => run((sink) => aggregateStage(sumByKey, memory(), sink), batches);

const values = Float64Array.from({ length: rows }, () => next() / 2 ** 32);

for (const [label, groups, spread] of [
  ["1 k groups, dense keys", 1000, 1],
  ["1 M groups, dense keys", 1_000_000, 1],
  ["1 k groups, sparse keys", 1000, 2_147_483],
  ["1 M groups, sparse keys", 1_000_000, 2147],
]) {
  const keys = Int32Array.from({ length: rows }, () => (next() % groups) * spread);
  const batches = batchesOf((start, end) => [
    ints("k", keys.subarray(start, end)),
    floats("v", values.subarray(start, end)),
  ]);
  measure(`sum by int32, ${label}`, grouped(batches));
  measure(`  a loop with a Map`, () => {
    const sums = new Map();
    for (let i = 0; i < rows; i++) sums.set(keys[i], (sums.get(keys[i]) ?? 0) + values[i]);
    return sums.size;
  });
  if (spread > 1) continue;
  measure(`  a loop over an array of sums`, () => {
    const sums = new Float64Array(groups);
    for (let i = 0; i < rows; i++) sums[keys[i]] += values[i];
    return sums.length;
  });
}

{
  const words = Array.from({ length: 100_000 }, (_, i) =>
    Buffer.from(`word-${(i * 7919) % 100_003}`),
  );
  const picks = Int32Array.from({ length: rows }, () => next() % words.length);
  const batches = batchesOf((start, end) => [
    texts("k", words, picks.subarray(start, end)),
    floats("v", values.subarray(start, end)),
  ]);
  measure("sum by text, 100 k groups", grouped(batches));
  const strings = words.map(String);
  const all = Array.from(picks, (pick) => strings[pick]);
  measure("  a loop with a Map of strings that are there", () => {
    const sums = new Map();
    for (let i = 0; i < rows; i++) sums.set(all[i], (sums.get(all[i]) ?? 0) + values[i]);
    return sums.size;
  });
}

{
  const kept = Math.min(1_000_000, rows);
  const order = Int32Array.from({ length: kept }, (_, i) => (i * 7919) % kept);
  const side = [
    {
      shape: "record",
      rows: kept,
      columns: [ints("k", order), floats("w", values.subarray(0, kept))],
    },
  ];
  for (const [label, spread] of [
    ["dense", 1],
    ["sparse", 2147],
  ]) {
    const keys = Int32Array.from({ length: rows }, () => (next() % kept) * spread);
    const batches = batchesOf((start, end) => [
      ints("k", keys.subarray(start, end)),
      floats("v", values.subarray(start, end)),
    ]);
    const own = side.map((batch) => ({
      ...batch,
      columns: [
        ints(
          "k",
          order.map((k) => k * spread),
        ),
        batch.columns[1],
      ],
    }));
    const program = {
      type: "inner",
      on: [{ left: column("k"), right: column("k") }],
      rightNames: [],
      build: { stageId: 1, pipeline: "left" },
    };
    measure(`join with ${kept / 1e6} M rows, ${label} int32 keys`, () =>
      run((sink) => joinStage(program, memory(), sink), batches, own),
    );
  }
}

{
  const batches = batchesOf((start, end) => [floats("v", values.subarray(start, end))]);
  const keys = [{ expr: column("v"), direction: "asc", nulls: "first" }];
  measure("sort of doubles", () =>
    run((sink) => sortByStage(keys, Number.POSITIVE_INFINITY, memory(), sink), batches),
  );
  measure("  Float64Array.sort", () => values.slice().sort().length);
}
