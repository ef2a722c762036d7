// Measures kernels in threads beside DuckDB with as many, turn by turn in one run, and compares their answers.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { DuckDBInstance } from "@duckdb/node-api";
import { build } from "esbuild";
import { readCommandLine } from "./command-line.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const notKernels = new Set(["kernel.ts", "kernels.test.ts", "scanned-file.ts"]);
const folder = join(tmpdir(), `millrace-kernels-${process.pid}`);

/** Bundles a kernel with the operators it uses, as a build does. */
async function bundled(name) {
  const outfile = join(folder, `${name}.mjs`);
  const banner =
    'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
  await build({
    entryPoints: [join(here, `${name}.ts`)],
    ...{ outfile, bundle: true, platform: "node", format: "esm", logLevel: "error" },
    external: ["@bokuweb/zstd-wasm"],
    banner: { js: banner },
  });
  return pathToFileURL(outfile).href;
}

/** In a thread: runs step after step as it is told. */
async function work() {
  const { url, rows, shared, thread, threads } = workerData;
  const kernel = (await import(url)).kernelOf(rows);
  const steps = kernel.steps(shared, thread, threads);
  parentPort.on("message", (index) => {
    Promise.resolve(steps[index]()).then(
      () => parentPort.postMessage("done"),
      (thrown) => {
        throw thrown;
      },
    );
  });
  parentPort.postMessage(steps.length);
}

async function ours(url, rows, shared, threads) {
  const workers = Array.from(
    { length: threads },
    (_, thread) =>
      new Worker(new URL(import.meta.url), { workerData: { url, rows, shared, thread, threads } }),
  );
  // An error of a worker without a listener ends the program, which says what it was.
  const all = (tell) =>
    Promise.all(
      workers.map(
        (worker) =>
          new Promise((resolve) => {
            worker.once("message", resolve);
            tell(worker);
          }),
      ),
    );
  const [steps] = await all(() => undefined);
  return {
    run: async () => {
      for (let index = 0; index < steps; index++) await all((worker) => worker.postMessage(index));
    },
    close: () => Promise.all(workers.map((worker) => worker.terminate())),
  };
}

const duckTypes = { int32: "INTEGER", float64: "DOUBLE" };
const arrayTypes = { int32: Int32Array, float64: Float64Array };

async function duck(kernel, shared, threads) {
  const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  const connection = await instance.connect();
  for (const { name, columns } of kernel.duck.tables) {
    const list = columns.map((column) => `${column.name} ${duckTypes[column.type]}`).join(", ");
    await connection.run(`create table ${name} (${list})`);
    const appender = await connection.createAppender(name);
    const values = columns.map(({ type, from }) => new arrayTypes[type](shared[from]));
    for (let row = 0; row < values[0].length; row++) {
      for (const [at, { type }] of columns.entries()) {
        if (type === "int32") appender.appendInteger(values[at][row]);
        else appender.appendDouble(values[at][row]);
      }
      appender.endRow();
    }
    appender.closeSync();
  }
  const file = join(folder, "input");
  if (kernel.duck.file) writeFileSync(file, new Uint8Array(shared[kernel.duck.file]));
  if (kernel.duck.prepare) await connection.run(kernel.duck.prepare);
  const first = async (sql) => (await (await connection.run(sql)).getRows())[0]?.[0];
  let answer;
  return {
    run: async () => {
      answer = await first(kernel.duck.query.replaceAll("$file", file));
    },
    answer: async () => (kernel.duck.check ? await first(kernel.duck.check) : answer),
  };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function measure(name, rows, threads, runs, print) {
  const url = await bundled(name);
  const kernel = (await import(url)).kernelOf(rows);
  const shared = kernel.make(threads);
  const [own, other] = [
    await ours(url, rows, shared, threads),
    await duck(kernel, shared, threads),
  ];
  const seconds = [[], []];
  const busy = [[], []];
  for (let i = 0; i <= runs; i++) {
    for (const [at, side] of [own, other].entries()) {
      const start = performance.now();
      const cpu = process.cpuUsage();
      await side.run();
      const { user, system } = process.cpuUsage(cpu);
      // The first run warms up.
      if (i === 0) continue;
      seconds[at].push((performance.now() - start) / 1000);
      busy[at].push((user + system) / 1e6 / threads);
    }
  }
  const [found, wanted] = [kernel.answer(shared), Number(await other.answer())];
  if (!(Math.abs(found - wanted) <= 1e-9 * Math.abs(wanted))) {
    throw new Error(`${name}: our answer is ${found}, that of DuckDB ${wanted}`);
  }
  await own.close();
  const counted = kernel.counted ? shared[kernel.counted].byteLength : rows;
  const unit = kernel.counted ? "MB/s" : "M rows/s";
  const rates = (all) => all.map((each) => counted / median(each) / 1e6);
  print({ name, unit, aim: kernel.aim, rates, seconds, busy });
}

function printLines({ name, unit, aim, rates, seconds, busy }) {
  for (const [what, all] of [
    ["clock", seconds],
    ["processors", busy],
  ]) {
    const [mine, theirs] = rates(all);
    console.log(
      `${name.padEnd(20)} ${what.padEnd(10)} ${mine.toFixed(1).padStart(7)} ${unit} (aim ${aim})  ` +
        `DuckDB ${theirs.toFixed(1).padStart(7)}  ratio ${(mine / theirs).toFixed(2)}  ` +
        `[${Math.min(...all[0]).toFixed(3)}-${Math.max(...all[0]).toFixed(3)} s]`,
    );
  }
}

function printJson({ name, unit, aim, rates, seconds }) {
  const [ours, duckdb] = rates(seconds);
  console.log(JSON.stringify({ kernel: name, unit, aim, ours, duckdb }));
}

async function main() {
  const kernels = readdirSync(here)
    .filter((file) => file.endsWith(".ts") && !notKernels.has(file))
    .map((file) => file.slice(0, -3));
  const { names, rows, threads, runs, json } = readCommandLine(process.argv.slice(2), kernels);
  mkdirSync(folder, { recursive: true });
  try {
    for (const name of names) {
      await measure(name, rows, threads, runs, json ? printJson : printLines);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (isMainThread) await main();
else await work();
