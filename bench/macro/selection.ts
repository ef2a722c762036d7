// What of the suite a command line asks for: contenders, workloads and rows, and where results go.

import { whyNotWritable } from "../tooling/make-folders.ts";
import { type Contender, contenders } from "./contenders/contenders.ts";
import type { DataCache } from "./protocol/data-cache.ts";
import { type Results, readResults } from "./protocol/results.ts";
import {
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

/** Throws UsageError where a name of a row stands for none: before anything is measured. */
export async function checkRowNames(
  only: readonly string[],
  cache: DataCache,
  { size, tpchScale }: { readonly size: Size; readonly tpchScale: number },
): Promise<void> {
  for (const workload of chosenWorkloads(only)) {
    const names = only.filter((name) => name.startsWith(`${workload.name}/`));
    if (names.length === 0) continue;
    try {
      const { rows } = await workload.prepare(cache, size, tpchScale);
      for (const name of names) {
        if (rows.some((row) => name === `${workload.name}/${row.name}`)) continue;
        throw new UsageError(`there is no row ${name}; ${workload.name} has ${listed(rows)}`);
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
    return readResults(path);
  } catch (failure) {
    const why = messageOf(failure);
    throw new UsageError(`--${option} is ${path}, which is no results.jsonl of the suite: ${why}`);
  }
}
