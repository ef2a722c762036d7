// Measures file bytes → lines → a user's closure → counts, by stage, on one and two threads.
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { givenNumbers } from "./given-numbers.mjs";

const readBytes = 1024 * 1024;
const splitBytes = 16 * 1024 * 1024;
const linesPerChunk = 1024;
const closure = (line) => line.split(" ");

/**
 * Deterministic text: `distinct` words of 2–12 letters, frequency 1/rank, lines of about ten
 * words.
 */
function zipfText(bytesTotal, distinct = 200_000) {
  let state = 12345;
  const random = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const words = [];
  const seen = new Set();
  while (words.length < distinct) {
    const usual = 2 + Math.min(6, Math.log10(words.length + 1) * 1.3);
    const spread = (random() + random() + random() - 1.5) * 4;
    const length = Math.max(2, Math.min(12, Math.round(usual + spread)));
    let word = "";
    while (word.length < length)
      word += String.fromCharCode(97 + Math.floor(26 * random() * random()));
    if (seen.has(word)) continue;
    seen.add(word);
    words.push(Buffer.from(word));
  }
  const sums = new Float64Array(distinct);
  let sum = 0;
  for (let rank = 0; rank < distinct; rank++) sums[rank] = sum += 1 / (rank + 1);
  const guide = new Int32Array(1 << 20);
  for (let index = 0, rank = 0; index < guide.length; index++) {
    while (rank < distinct - 1 && sums[rank] < (index / guide.length) * sum) rank++;
    guide[index] = rank;
  }
  const text = Buffer.allocUnsafe(bytesTotal);
  let at = 0;
  let left = 10;
  while (at < bytesTotal - 64) {
    const draw = random();
    let rank = guide[Math.floor(draw * guide.length)];
    while (sums[rank] < draw * sum) rank++;
    at += words[rank].copy(text, at);
    left--;
    text[at++] = left === 0 ? 10 : 32;
    if (left === 0) left = 5 + Math.floor(random() * 11);
  }
  return text.subarray(0, at);
}

/** Bundles the kernels as a build does, and returns the file. */
async function loadKernels() {
  const { build } = await import("esbuild");
  const folder = fileURLToPath(new URL("../../worker/kernels/", import.meta.url));
  const output = join(tmpdir(), `millrace-string-count-${process.pid}`);
  mkdirSync(output, { recursive: true });
  const outfile = join(output, "kernels.mjs");
  await build({
    stdin: {
      contents: 'export * from "./string-counter.ts"; export * from "./line-decoder.ts";',
      resolveDir: folder,
      loader: "ts",
    },
    bundle: true,
    format: "esm",
    platform: "node",
    outfile,
    logLevel: "error",
  });
  return outfile;
}

/**
 * Calls `onLines` with the lines of each decoded block in a byte range that begins after a
 * newline.
 */
function eachLines(kernels, { file, start, end }, onLines) {
  const handle = openSync(file, "r");
  const buffer = new Uint8Array(readBytes);
  const decoder = kernels.createLineDecoder({ file });
  for (let at = start; at < end; ) {
    const got = readSync(handle, buffer, 0, Math.min(readBytes, end - at), at);
    at += got;
    for (let from = 0; from < got; from += kernels.lineBlockBytes) {
      onLines(decoder.push(buffer.subarray(from, Math.min(got, from + kernels.lineBlockBytes))));
    }
  }
  onLines(decoder.finish());
  closeSync(handle);
}

const stages = {
  lines(kernels, range) {
    let count = 0;
    eachLines(kernels, range, (lines) => {
      count += lines.length;
    });
    return count;
  },
  "lines, closure"(kernels, range) {
    let count = 0;
    eachLines(kernels, range, (lines) => {
      for (const line of lines) count += closure(line).length;
    });
    return count;
  },
  "lines, closure, StringCounter.add"(kernels, range) {
    const counter = new kernels.StringCounter();
    eachLines(kernels, range, (lines) => {
      for (const line of lines) counter.add(closure(line));
    });
    return counter.drain(8).reduce((sum, part) => sum + part.rows, 0);
  },
  "lines, closure, StringCounter.addMany"(kernels, range) {
    const counter = new kernels.StringCounter();
    eachLines(kernels, range, (lines) => {
      for (let from = 0; from < lines.length; from += linesPerChunk) {
        counter.addMany(lines.slice(from, from + linesPerChunk).map(closure));
      }
    });
    return counter.drain(8).reduce((sum, part) => sum + part.rows, 0);
  },
  "the same with a drain every 16 MiB"(kernels, { file, start, end }) {
    const counter = new kernels.StringCounter();
    let rows = 0;
    for (let from = start; from < end; from += splitBytes) {
      const range = { file, start: from, end: Math.min(end, from + splitBytes) };
      eachLines(kernels, range, (lines) => {
        for (const line of lines) counter.add(closure(line));
      });
      rows += counter.drain(8).reduce((sum, part) => sum + part.rows, 0);
    }
    return rows;
  },
  "baseline: lines, split, Map"(kernels, range) {
    const counts = new Map();
    eachLines(kernels, range, (lines) => {
      for (const line of lines) {
        for (const word of closure(line)) counts.set(word, (counts.get(word) ?? 0) + 1);
      }
    });
    return counts.size;
  },
};

/**
 * Wall time, and processor time of all threads: the second holds on a machine shared with
 * others.
 */
async function timed(work) {
  const processor = process.cpuUsage();
  const begin = performance.now();
  await work();
  const wallMs = performance.now() - begin;
  const { user, system } = process.cpuUsage(processor);
  return { wallMs, processorMs: (user + system) / 1000 };
}

function summary(name, bytes, times) {
  const sorted = (key) => times.map((time) => time[key]).sort((left, right) => left - right);
  const rate = (ms) => (bytes / 1e3 / ms).toFixed(0).padStart(4);
  const wall = sorted("wallMs");
  const processor = sorted("processorMs");
  const half = times.length >> 1;
  console.log(
    `${name.padEnd(50)} MB/s best ${rate(wall[0])} median ${rate(wall[half])}` +
      ` | MB per CPU second best ${rate(processor[0])} median ${rate(processor[half])}`,
  );
  return processor[0];
}

async function onTwoThreads(file, size, kernelFile, runs, stage) {
  const middle = lineStartAfter(file, size >> 1);
  const ranges = [
    { file, start: 0, end: middle },
    { file, start: middle, end: size },
  ];
  const workers = ranges.map(
    (range) => new Worker(new URL(import.meta.url), { workerData: { kernelFile, range, stage } }),
  );
  const answer = (worker) => new Promise((resolve) => worker.once("message", resolve));
  await Promise.all(workers.map(answer));
  const times = [];
  for (let run = 0; run < runs; run++) {
    times.push(
      await timed(() => {
        const answers = workers.map(answer);
        for (const worker of workers) worker.postMessage("run");
        return Promise.all(answers);
      }),
    );
  }
  for (const worker of workers) await worker.terminate();
  summary(`two threads: ${stage}`, size, times);
}

function lineStartAfter(file, at) {
  const handle = openSync(file, "r");
  const buffer = Buffer.alloc(readBytes);
  readSync(handle, buffer, 0, readBytes, at);
  closeSync(handle);
  return at + buffer.indexOf(10) + 1;
}

async function main() {
  const usage =
    "node bench/micro/string-count.mjs [megabytes] [runs] [text file, instead of generated Zipf text]";
  const [megabytes, runs] = givenNumbers(usage, [100, 5]);
  let file = process.argv[4];
  if (file === undefined) {
    file = join(tmpdir(), `millrace-zipf-${megabytes}.txt`);
    if (!existsSync(file)) writeFileSync(file, zipfText(megabytes * 1e6));
  }
  const handle = openSync(file, "r");
  const size = fstatSync(handle).size;
  closeSync(handle);
  const kernelFile = await loadKernels();
  const kernels = await import(pathToFileURL(kernelFile).href);
  const best = {};
  for (const [name, stage] of Object.entries(stages)) {
    const times = [];
    for (let run = 0; run < runs; run++) {
      times.push(await timed(() => stage(kernels, { file, start: 0, end: size })));
    }
    best[name] = summary(`one thread: ${name}`, size, times);
  }
  const total = best["lines, closure, StringCounter.add"];
  const share = (ms) => `${((100 * ms) / total).toFixed(0)} %`;
  console.log(
    `shares: lines ${share(best.lines)}, closure ${share(best["lines, closure"] - best.lines)}, ` +
      `counter ${share(total - best["lines, closure"])}`,
  );
  const compared = [
    "lines, closure, StringCounter.add",
    "the same with a drain every 16 MiB",
    "baseline: lines, split, Map",
  ];
  for (const stage of compared) await onTwoThreads(file, size, kernelFile, runs, stage);
}

async function thread() {
  const kernels = await import(pathToFileURL(workerData.kernelFile).href);
  stages[workerData.stage](kernels, workerData.range);
  parentPort.postMessage("warm");
  parentPort.on("message", () => {
    parentPort.postMessage(stages[workerData.stage](kernels, workerData.range));
  });
}

await (isMainThread ? main() : thread());
