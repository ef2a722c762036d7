// How time grows with data, falls with threads, and what cutting the data into files costs: word count by expressions.

import { closeSync, mkdirSync, openSync, readSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { writeZipfText } from "../../generators/zipf-text.ts";
import type { DataCache } from "../../protocol/data-cache.ts";
import type { Row, Size, Workload } from "../../protocol/workload.ts";
import { duckLines, functionTask, jobTask, sqlTask } from "../common.ts";

const seed = 1;
const distinctWords = 200_000;

/** Cuts a text at line ends into files of about the same size. */
function cut(text: string, folder: string, files: number): void {
  mkdirSync(folder);
  const bytes = Buffer.allocUnsafe(statSync(text).size);
  const file = openSync(text, "r");
  readSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
  let start = 0;
  for (let at = 1; at <= files; at++) {
    const aim = Math.floor((bytes.length * at) / files);
    const end = at === files ? bytes.length : bytes.indexOf(10, aim) + 1;
    writeFileSync(
      join(folder, `part-${String(at).padStart(4, "0")}.txt`),
      bytes.subarray(start, end),
    );
    start = end;
  }
}

interface Point {
  /** Of its row: the same at every size of the suite. */
  readonly name: string;
  readonly title: string;
  readonly curve: NonNullable<Row["curve"]>;
  readonly input: string;
  readonly threads?: number;
}

function rowOf({ name, title, curve, input, threads }: Point): Row {
  const params = { input };
  const without = "the curves are of the faster ones";
  const alone =
    threads !== undefined && threads > 1 ? {} : { baseline: functionTask("words", params) };
  return {
    name,
    title,
    curve,
    ...(threads === undefined ? {} : { threads }),
    answer: {},
    without: { spark: without, dask: without, ray: without, baseline: "it has one thread" },
    tasks: () => ({
      millrace: jobTask("scaling", "words.job.ts", params),
      ...alone,
      duckdb: sqlTask(`select count(*), sum(n) from (select word, count(*) as n from
        (select unnest(string_split(line, ' ')) as word from ${duckLines(input)}) group by word)`),
      polars: functionTask("words", params),
    }),
  };
}

/** Megabytes become kilobytes in a smoke run, and fewer. */
const sizes = {
  full: { unitBytes: 1_000_000, unit: "MB", sizes: [10, 30, 100, 300], files: [1, 4, 16, 64, 256] },
  smoke: { unitBytes: 5_000, unit: "times 5 KB", sizes: [10, 100], files: [1, 16] },
} as const;

async function pointsOf(cache: DataCache, size: Size): Promise<Point[]> {
  const { unitBytes, unit, sizes: amounts, files: numbers } = sizes[size];
  const text = async (units: number): Promise<string> => {
    const bytes = units * unitBytes;
    return await cache.file(`zipf-${bytes}-${seed}`, async (path) => {
      mkdirSync(path);
      await writeZipfText(join(path, "part-0001.txt"), { bytes, distinctWords, seed });
    });
  };
  const points: Point[] = [];
  for (const at of amounts) {
    const curve = { name: "Word count by size of the text", along: `text, ${unit}`, at };
    const input = `${await text(at)}/*.txt`;
    points.push({ name: `size-${at}`, title: `${at} ${unit}`, curve, input });
  }
  const middle = await text(100);
  for (const at of numbers) {
    const name = `zipf-${100 * unitBytes}-${seed}-in-${at}`;
    const folder = await cache.file(name, (path) => cut(join(middle, "part-0001.txt"), path, at));
    const along = `files, 100 ${unit} together`;
    const curve = { name: "Word count by number of files", along, at };
    points.push({ name: `files-${at}`, title: `${at} files`, curve, input: `${folder}/*.txt` });
  }
  for (let at = 1; at <= availableParallelism(); at *= 2) {
    const along = `threads of each contender, 100 ${unit}`;
    const curve = { name: "Word count by threads", along, at };
    const input = `${middle}/*.txt`;
    points.push({ name: `threads-${at}`, title: `${at} threads`, curve, input, threads: at });
  }
  return points;
}

export const scaling: Workload = {
  name: "scaling",
  title: "Word count by expressions along sizes, files and threads",
  prepare: async (cache, size) => ({
    rows: (await pointsOf(cache, size)).map(rowOf),
    files: [],
    data: `Synthetic text as in word count, seed ${seed}; files and threads with 100 ${sizes[size].unit}`,
  }),
};
