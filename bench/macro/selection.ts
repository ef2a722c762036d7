// What of the suite a command line asks for: contenders, workloads and rows, and where results go.

import { accessSync, constants, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { whyNotWritable } from "../tooling/make-folders.ts";
import { checkResults } from "./checked-results.ts";
import { type Contender, contenders } from "./contenders/contenders.ts";
import type { DataCache } from "./protocol/data-cache.ts";
import { type Results, readResults } from "./protocol/results.ts";
import {
  type Prepared,
  type Size,
  tpchScaleDefault,
  type Workload,
  WorkloadUnavailable,
} from "./protocol/workload.ts";
import { UsageError } from "./usage-error.ts";
import { workloads } from "./workloads/all.ts";

function listed(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(", ");
}

/** Everybody where nobody is named. */
export function chosenContenders(names: readonly string[]): readonly Contender[] {
  for (const name of names) {
    if (contenders.some((each) => each.name === name)) continue;
    throw new UsageError(`there is no contender ${name}; there are ${listed(contenders)}`);
  }
  return names.length === 0 ? contenders : contenders.filter(({ name }) => names.includes(name));
}

function workloadOf(name: string): string {
  return name.split("/")[0] ?? "";
}

/** Those with a row that is asked for; the others' data is not even made. */
export function chosenWorkloads(only: readonly string[]): readonly Workload[] {
  for (const name of only.map(workloadOf)) {
    if (workloads.some((each) => each.name === name)) continue;
    throw new UsageError(`there is no workload ${name}; there are ${listed(workloads)}`);
  }
  const names = only.map(workloadOf);
  return only.length === 0 ? workloads : workloads.filter(({ name }) => names.includes(name));
}

/** A name stands for a row, or for all rows of a workload. */
export function rowFilter(only: readonly string[]): (name: string) => boolean {
  return (name) => only.length === 0 || only.includes(name) || only.includes(workloadOf(name));
}

interface Sizes {
  readonly size: Size;
  readonly tpchScale: number;
}

/** Data that nobody makes, which takes minutes: rows have their names without it. */
const unmade: DataCache = { folder: "", file: async (name) => name };

/** Its rows, as they can be listed, but not run. */
export async function listedRows(workload: Workload, { size, tpchScale }: Sizes) {
  return await workload.prepare(unmade, size, tpchScale);
}

/** Why a name stands for no row that can be measured; undefined where it does. */
export function rowProblem(
  name: string,
  workload: string,
  { rows, missing = {} }: Pick<Prepared, "rows" | "missing">,
): string | undefined {
  const row = name.slice(workload.length + 1);
  if (rows.some((each) => each.name === row)) return undefined;
  const why = missing[row];
  if (why !== undefined) return `${name} cannot be measured here: ${why}`;
  return `there is no row ${name}; ${workload} has ${listed(rows)}`;
}

/** Throws UsageError where a name of a row stands for none: before anything is measured. */
export async function checkRowNames(only: readonly string[], sizes: Sizes): Promise<void> {
  for (const workload of chosenWorkloads(only)) {
    const names = only.filter((name) => name.startsWith(`${workload.name}/`));
    if (names.length === 0) continue;
    try {
      const prepared = await listedRows(workload, sizes);
      for (const name of names) {
        const problem = rowProblem(name, workload.name, prepared);
        if (problem !== undefined) throw new UsageError(problem);
      }
    } catch (failure) {
      // It is left out later, with its reason.
      if (!(failure instanceof WorkloadUnavailable)) throw failure;
    }
  }
}

function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

/** Makes a folder that an option names. */
export function writableFolder(option: string, folder: string): string {
  const why = whyNotWritable(folder);
  if (why === undefined) return folder;
  throw new UsageError(`--${option} is ${folder}, where no folder can be written: ${why}`);
}

/** Makes the folder of results, and sees before hours of measuring that its files can be written. */
export function resultsFolder(folder: string): string {
  writableFolder("out", folder);
  for (const path of ["results.jsonl", "report.md"].map((name) => join(folder, name))) {
    if (!existsSync(path)) continue;
    const problem = statSync(path).isFile() ? unwritable(path) : "it is no file";
    if (problem === undefined) continue;
    throw new UsageError(`--out is ${folder}, where ${path} cannot be written: ${problem}`);
  }
  return folder;
}

function unwritable(path: string): string | undefined {
  try {
    accessSync(path, constants.W_OK);
    return undefined;
  } catch (failure) {
    return messageOf(failure);
  }
}

/** Throws UsageError where results are not those of everything: published, they would replace those that are. */
export function checkPublishable({ header, workloads: found, results, end }: Results): void {
  const refuse = (what: string): never => {
    throw new UsageError(
      `--publish replaces bench/RESULTS.md, and ${what}; its own report.md and results.jsonl are where --out says`,
    );
  };
  if (header.size !== "full") refuse(`these results are of the size ${header.size}`);
  const { tpchScale = tpchScaleDefault } = header;
  if (tpchScale !== tpchScaleDefault) refuse(`these results are of TPC-H at scale ${tpchScale}`);
  if (end === undefined) refuse("these results end before their run did");
  const missing = workloads.filter(({ name }) => !found.some(({ workload }) => workload === name));
  if (missing.length > 0) refuse(`these results lack ${listed(missing)}`);
  const measured = new Set(results.map(({ contender }) => contender));
  const away = contenders.filter(
    ({ name }) => !measured.has(name) && header.absent[name] === undefined,
  );
  if (away.length > 0) refuse(`${listed(away)} took no part in these results`);
}

/** Results that an option names. */
export function resultsIn(option: string, path: string): Results {
  try {
    const results = readResults(path);
    checkResults(results);
    return results;
  } catch (failure) {
    const why = messageOf(failure);
    throw new UsageError(`--${option} is ${path}, which is no results.jsonl of the suite: ${why}`);
  }
}
