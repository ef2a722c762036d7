// The command line of the suite.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import {
  type BenchOption,
  benchOptions,
  benchVerbs,
} from "../../sdk/cli/commands/bench-options.ts";
import { tableText } from "../../sdk/cli/table-text.ts";
import { type PartName, partNames } from "./parts/parts.ts";
import { isRepository } from "./places.ts";
import { defaultCacheFolder } from "./protocol/data-cache.ts";
import { type Size, tpchScaleDefault, tpchScaleMax } from "./protocol/workload.ts";
import { UsageError } from "./usage-error.ts";

const optionRows = Object.entries(benchOptions).map(([name, option]) => [
  "value" in option ? `--${name} ${option.value}` : `--${name}`,
  option.describe,
]);
const verbRows = Object.entries(benchVerbs).map(([name, what]) => [
  `       npm run bench -- ${name}`,
  what,
]);

export const usage = `Measures Millrace beside what else could do the same work: same files, same cores, equal answers.

Usage: npm run bench -- [options]      or  millrace bench [options]
${tableText(verbRows, "")}
Options:
${tableText(optionRows)}`;

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
  | { readonly kind: "list"; readonly size: Size; readonly tpchScale: number }
  | { readonly kind: "help" | "peers" | "install" };

const numbers = {
  runs: "5",
  "row-seconds": "5",
  "run-seconds": "45",
  "contender-minutes": "12",
  threads: String(Math.min(2, availableParallelism())),
} as const;

const text = { type: "string" } as const;
const flag = { type: "boolean", default: false } as const;

type ParsedAs<Kind> = Kind extends "flag" ? typeof flag : typeof text;
type ParseOptions = {
  readonly [Name in BenchOption]: ParsedAs<(typeof benchOptions)[Name]["kind"]>;
};

const parseOptions = Object.fromEntries(
  Object.entries(benchOptions).map(([name, { kind }]) => [name, kind === "flag" ? flag : text]),
) as ParseOptions;

function wholeNumber(name: string, given: string): number {
  if (/^\d+$/.test(given) && Number(given) > 0 && Number.isSafeInteger(Number(given)))
    return Number(given);
  throw new UsageError(`--${name} is ${given}; give a whole number from 1 on`);
}

function scale(given = String(tpchScaleDefault)): number {
  const value = Number(given);
  if (value > 0 && value <= tpchScaleMax) return value;
  throw new UsageError(
    `--tpch-scale is ${given}; give a number above 0 and up to ${tpchScaleMax}, such as 0.1 or 10`,
  );
}

/** Those of a published run are all, unless it is only reported on again. */
function parts(
  { parts: given, publish, report }: Values,
  inRepository: boolean,
): readonly PartName[] {
  if (given === undefined) return publish && report === undefined ? partNames : [];
  const asked = names("parts", given);
  if (asked.includes("kernels") && !inRepository) {
    throw new UsageError("--parts kernels needs the project's repository; this is a package of it");
  }
  for (const name of asked) {
    if ((partNames as readonly string[]).includes(name)) continue;
    throw new UsageError(`there is no part ${name}; there are ${partNames.join(", ")}`);
  }
  return partNames.filter((name) => asked.includes(name));
}

/** None stand for all, which nobody means who writes none: a variable of a shell that is not set, say. */
function names(option: string, given: string | undefined): readonly string[] {
  if (given === undefined) return [];
  const found = given.split(",").filter((name) => name !== "");
  if (found.length > 0) return found;
  throw new UsageError(
    `--${option} is ${given}; give names between commas, or leave it out for all`,
  );
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
  const parsed = parsedBySystem(args);
  for (const [name, value] of Object.entries(parsed.values)) {
    if (value === "") throw new UsageError(`--${name} is empty; give a value, or leave it out`);
  }
  return parsed;
}

function parsedBySystem(args: readonly string[]) {
  try {
    return parseArgs({
      args: withValues(args),
      allowPositionals: true,
      options: { ...parseOptions, help: flag },
    });
  } catch (failure) {
    const text = failure instanceof Error ? failure.message : String(failure);
    throw new UsageError(`${text.split(/[.\n]/)[0]}; --help lists the options`);
  }
}

type Values = ReturnType<typeof parse>["values"];

const measuring = [
  "contenders",
  "runs",
  "row-seconds",
  "run-seconds",
  "contender-minutes",
] as const;
const ofResults = ["compare", "report", "parts", "publish"] as const;

/** What would be ignored: nobody should wait for it. */
function checkTogether(values: Values): void {
  const refuse = (what: string, names: readonly (keyof Values)[]): void => {
    const given = names.filter((name) => values[name] !== undefined && values[name] !== false);
    if (given.length === 0) return;
    const listed = given.map((name) => `--${name}`).join(" and ");
    throw new UsageError(`${what}, so that ${listed} would do nothing; leave it out`);
  };
  if (values.profile) {
    refuse("--profile profiles our own processes and measures nobody", [
      ...measuring,
      ...ofResults,
    ]);
  } else if (values.report !== undefined) {
    refuse("--report measures no rows", ["only", "tpch-scale", ...measuring]);
  }
}

function sizeOf(size = "full"): Size {
  if (size === "full" || size === "smoke") return size;
  throw new UsageError(`--size is ${size}; give full or smoke`);
}

/** Before hours of measuring: what is published replaces results of everything. */
function checkPublish(values: Values, inRepository: boolean): void {
  if (!values.publish) return;
  if (!inRepository) {
    throw new UsageError(
      "--publish replaces bench/RESULTS.md in the project's repository, and this is a package of it; " +
        "the report of a run is where --out says",
    );
  }
  if (values.report !== undefined) return;
  const { size = "full", only, contenders } = values;
  const less = [
    ...(size === "full" ? [] : [`--size ${size}`]),
    ...(only === undefined ? [] : ["--only"]),
    ...(contenders === undefined ? [] : ["--contenders"]),
    ...(scale(values["tpch-scale"]) === tpchScaleDefault ? [] : ["--tpch-scale"]),
  ];
  if (less.length === 0) return;
  throw new UsageError(
    `--publish replaces bench/RESULTS.md by this run, which ${less.join(" and ")} would make one of less than ` +
      "everything; without --publish the report of such a run is where --out says",
  );
}

/**
 * Throws UsageError.
 * @param inRepository tells that what an installed package lacks is there
 */
export function parseCommandLine(
  args: readonly string[],
  inRepository = isRepository(),
): CommandLine {
  const { values, positionals } = parse(args);
  if (values.help) return { kind: "help" };
  const command = positionals.join(" ");
  if (command === "peers install") return { kind: "install" };
  if (command === "peers") return { kind: "peers" };
  const size = sizeOf(values.size);
  const tpchScale = scale(values["tpch-scale"]);
  if (command === "list") return { kind: "list", size, tpchScale };
  if (command !== "") {
    throw new UsageError(
      `there is no command ${command}; there are list, peers, and peers install, and without one it measures`,
    );
  }
  checkTogether(values);
  checkPublish(values, inRepository);
  const number = (name: keyof typeof numbers) => wholeNumber(name, values[name] ?? numbers[name]);
  return {
    kind: "run",
    options: {
      size,
      tpchScale,
      only: names("only", values.only),
      contenders: names("contenders", values.contenders),
      runs: number("runs"),
      rowSeconds: number("row-seconds"),
      runSeconds: number("run-seconds"),
      contenderMinutes: number("contender-minutes"),
      threads: number("threads"),
      out: values.out,
      compare: values.compare,
      report: values.report,
      parts: parts(values, inRepository),
      publish: values.publish,
      profile: values.profile,
      folder: values.folder ?? defaultCacheFolder(),
    },
  };
}
