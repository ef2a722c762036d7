// The command line of the suite.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { type PartName, partNames } from "./parts/parts.ts";
import { defaultCacheFolder } from "./protocol/data-cache.ts";
import { type Size, tpchScaleDefault, tpchScaleMax } from "./protocol/workload.ts";
import { UsageError } from "./usage-error.ts";

export const usage = `Measures Millrace beside what else could do the same work: same files, same cores, equal answers.

Usage: npm run bench -- [options]      or  millrace bench [options]
       npm run bench -- peers install  makes the environment of the peers (Python packages, skale)
       npm run bench -- peers          says who can be measured on this machine
       npm run bench -- list           lists all rows

Options:
  --size full|smoke     smoke runs everything on little data, in about a minute (default full)
  --tpch-scale F        scale factor of TPC-H's tables in a full run: 1 is a gigabyte of text (default 1)
  --only NAMES          rows or workloads, between commas: word-count,tpch/q1
  --contenders NAMES    between commas (default: everybody who is there): millrace,baseline,duckdb
  --runs N              counted runs of each contender and row, after one warm-up (default 5)
  --row-seconds S       once a contender spent so long on a row it gets no more runs of it (default 5)
  --run-seconds S       a run that takes longer is stopped, and the table says so (default 45)
  --contender-minutes M of all its runs; rows after that are left out, and the table says so (default 12)
  --threads N           of each contender (default 2)
  --out FOLDER          where results.jsonl, report.md and plots go (default bench-results/ in the cache)
  --compare FILE        an earlier results.jsonl to compare with
  --report FILE         measures no rows: reports on a results.jsonl again
  --parts NAMES         measured after the rows, or added to those of --report: kernels (each alone), memory
                        (works that outgrow it), profiles (of the five worst rows); all of them with --publish
  --publish             replaces bench/RESULTS.md, its plots and its results.jsonl, by those of a full run
  --profile             profiles our processes instead of measuring: CPU, heap, and where time went
  --folder FOLDER       generated data (default ${defaultCacheFolder()})
`;

export interface Options {
  readonly size: Size;
  readonly tpchScale: number;
  readonly only: readonly string[];
  readonly contenders: readonly string[];
  readonly runs: number;
  readonly rowSeconds: number;
  readonly runSeconds: number;
  readonly contenderMinutes: number;
  readonly threads: number;
  readonly out: string | undefined;
  readonly compare: string | undefined;
  readonly report: string | undefined;
  readonly parts: readonly PartName[];
  readonly publish: boolean;
  readonly profile: boolean;
  readonly folder: string;
}

export type CommandLine =
  | { readonly kind: "run"; readonly options: Options }
  | { readonly kind: "list"; readonly folder: string }
  | { readonly kind: "help" | "peers" | "install" };

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

function wholeNumber(name: string, given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw new UsageError(`--${name} is ${given}; give a whole number from 1 on`);
}

function scale(given: string): number {
  const value = Number(given);
  if (value > 0 && value <= tpchScaleMax) return value;
  throw new UsageError(
    `--tpch-scale is ${given}; give a number above 0 and up to ${tpchScaleMax}, such as 0.1 or 10`,
  );
}

/** Those of a published run are all, unless it is only reported on again. */
function parts(given: string | undefined, isPublished: boolean): readonly PartName[] {
  if (given === undefined) return isPublished ? partNames : [];
  for (const name of names(given)) {
    if ((partNames as readonly string[]).includes(name)) continue;
    throw new UsageError(`there is no part ${name}; there are ${partNames.join(", ")}`);
  }
  return partNames.filter((name) => names(given).includes(name));
}

function names(given: string | undefined): readonly string[] {
  return (given ?? "").split(",").filter((name) => name !== "");
}

/** A negative number after an option is its value, if a wrong one. */
function withValues(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (const each of args) {
    const before = joined.at(-1) ?? "";
    const isValue = /^-\d/.test(each) && before.startsWith("--") && !before.includes("=");
    if (isValue) joined[joined.length - 1] = `${before}=${each}`;
    else joined.push(each);
  }
  return joined;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: withValues(args),
      allowPositionals: true,
      options: {
        size: { type: "string", default: "full" },
        "tpch-scale": { type: "string", default: String(tpchScaleDefault) },
        only: text,
        contenders: text,
        runs: { type: "string", default: "5" },
        "row-seconds": { type: "string", default: "5" },
        "run-seconds": { type: "string", default: "45" },
        "contender-minutes": { type: "string", default: "12" },
        threads: { type: "string", default: String(Math.min(2, availableParallelism())) },
        out: text,
        compare: text,
        report: text,
        parts: text,
        publish: flag,
        profile: flag,
        folder: { type: "string", default: defaultCacheFolder() },
        help: flag,
      },
    });
  } catch (failure) {
    const text = failure instanceof Error ? failure.message : String(failure);
    throw new UsageError(`${text.split(/[.\n]/)[0]}; --help lists the options`);
  }
}

/** Before hours of measuring: what is published replaces results of everything. */
function checkPublish(values: ReturnType<typeof parse>["values"]): void {
  if (!values.publish || values.report !== undefined) return;
  const { size, only, contenders, profile } = values;
  const less = [
    ...(size === "full" ? [] : [`--size ${size}`]),
    ...(only === undefined ? [] : ["--only"]),
    ...(contenders === undefined ? [] : ["--contenders"]),
    ...(profile ? ["--profile"] : []),
    ...(scale(values["tpch-scale"]) === tpchScaleDefault ? [] : ["--tpch-scale"]),
  ];
  if (less.length === 0) return;
  throw new UsageError(
    `--publish replaces bench/RESULTS.md by this run, which ${less.join(" and ")} would make one of less than ` +
      "everything; without --publish the report of such a run is where --out says",
  );
}

/** Throws UsageError. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: "help" };
  const command = positionals.join(" ");
  if (command === "peers install") return { kind: "install" };
  if (command === "peers") return { kind: "peers" };
  if (command === "list") return { kind: "list", folder: values.folder };
  if (command !== "") {
    throw new UsageError(
      `there is no command ${command}; there are list, peers, and peers install, and without one it measures`,
    );
  }
  const { size } = values;
  if (size !== "full" && size !== "smoke")
    throw new UsageError(`--size is ${size}; give full or smoke`);
  checkPublish(values);
  return {
    kind: "run",
    options: {
      size,
      tpchScale: scale(values["tpch-scale"]),
      only: names(values.only),
      contenders: names(values.contenders),
      runs: wholeNumber("runs", values.runs),
      rowSeconds: wholeNumber("row-seconds", values["row-seconds"]),
      runSeconds: wholeNumber("run-seconds", values["run-seconds"]),
      contenderMinutes: wholeNumber("contender-minutes", values["contender-minutes"]),
      threads: wholeNumber("threads", values.threads),
      out: values.out,
      compare: values.compare,
      report: values.report,
      parts: parts(values.parts, values.publish && values.report === undefined),
      publish: values.publish,
      profile: values.profile,
      folder: values.folder,
    },
  };
}
