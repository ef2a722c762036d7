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
  readonly curve: NonNullable<Row["curve"]>;
  readonly input: string;
  readonly threads?: number;
}

function rowOf({ curve, input, threads }: Point): Row {
  const params = { input };
  const without = "the curves are of the faster ones";
  const alone =
    threads !== undefined && threads > 1 ? {} : { baseline: functionTask("words", params) };
  return {
    name: `${curve.along.replaceAll(/[^a-z]+/gi, "-")}-${curve.at}`,
    title: `${curve.at} ${curve.along}`,
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

async function pointsOf(cache: DataCache, size: Size): Promise<Point[]> {
  const unit = size === "smoke" ? 5_000 : 1_000_000;
  const text = async (megabytes: number): Promise<string> => {
    const bytes = megabytes * unit;
    const folder = await cache.file(`zipf-${bytes}-${seed}`, (path) => {
      mkdirSync(path);
      writeZipfText(join(path, "part-0001.txt"), { bytes, distinctWords, seed });
    });
    return folder;
  };
  const points: Point[] = [];
  const isSmoke = size === "smoke";
  for (const megabytes of isSmoke ? [10, 100] : [10, 30, 100, 300]) {
    const curve = {
      name: "Word count along sizes",
      along: isSmoke ? "parts" : "MB",
      at: megabytes,
    };
    points.push({ curve, input: `${await text(megabytes)}/*.txt` });
  }
  for (const files of isSmoke ? [1, 16] : [1, 4, 16, 64, 256]) {
    const whole = `${await text(100)}/part-0001.txt`;
    const name = `zipf-${100 * unit}-${seed}-in-${files}`;
    const folder = await cache.file(name, (path) => cut(whole, path, files));
    const curve = { name: "Word count along files", along: "files", at: files };
    points.push({ curve, input: `${folder}/*.txt` });
  }
  for (let threads = 1; threads <= availableParallelism(); threads *= 2) {
    const curve = { name: "Word count along threads", along: "threads", at: threads };
    points.push({ curve, input: `${await text(100)}/*.txt`, threads });
  }
  return points;
}

export const scaling: Workload = {
  name: "scaling",
  title: "Word count by expressions along sizes, files and threads",
  prepare: async (cache, size) => ({
    rows: (await pointsOf(cache, size)).map(rowOf),
    files: [],
    data: `Synthetic text as in word count, seed ${seed}; files and threads with 100 MB`,
  }),
};
