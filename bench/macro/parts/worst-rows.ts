// The rows in which the fastest other is most ahead, once more under the profilers.

import { join } from "node:path";
import { profileRows } from "../profile/run-profile.ts";
import { openDataCache } from "../protocol/data-cache.ts";
import { medianMs, type ProfileLine, type Results } from "../protocol/results.ts";
import { tpchScaleDefault } from "../protocol/workload.ts";
import { chosenWorkloads, rowFilter } from "../selection.ts";
import type { PartSettings } from "./parts.ts";

const profiledRows = 5;
const functionsKept = 8;

export interface WorstRow {
  readonly row: string;
  /** The fastest other's time over ours. */
  readonly ratio: number;
  readonly fastest: string;
}

/** The worst first; of a row from the shell the profilers of a warm cluster tell nothing. */
export function worstRows({ results }: Results, most: number): WorstRow[] {
  const rows = new Map<string, { ours?: number; fastest?: { name: string; ms: number } }>();
  for (const line of results) {
    const ms = medianMs(line);
    if (ms === undefined || line.curve !== undefined || line.row === "shell") continue;
    const name = `${line.workload}/${line.row}`;
    const found = rows.get(name) ?? {};
    rows.set(name, found);
    if (line.contender === "millrace") found.ours = ms;
    else if (!line.contender.startsWith("millrace") && !(ms >= (found.fastest?.ms ?? Infinity)))
      found.fastest = { name: line.contender, ms };
  }
  return [...rows]
    .flatMap(([row, { ours, fastest }]) =>
      ours === undefined || fastest === undefined
        ? []
        : [{ row, ratio: fastest.ms / ours, fastest: fastest.name }],
    )
    .sort((a, b) => a.ratio - b.ratio)
    .slice(0, most);
}

export async function* worstRowLines(settings: PartSettings): AsyncGenerator<ProfileLine> {
  const { size, threads, commit, dataFolder, out, results, note } = settings;
  const { tpchScale = tpchScaleDefault } = results.header;
  const cache = openDataCache(dataFolder, note);
  for (const { row, ratio, fastest } of worstRows(results, profiledRows)) {
    const profiling = {
      ...{ size, tpchScale, threads, cache, wanted: rowFilter([row]) },
      folder: join(out, "profiles"),
    };
    for (const profiled of await profileRows(chosenWorkloads([row]), profiling, note)) {
      const { wallMs } = profiled;
      const busiest = profiled.threads.map(({ name, busyMs, functions }) => {
        return { name, busyMs, functions: functions.slice(0, functionsKept) };
      });
      yield { kind: "profile", commit, row, ratio, fastest, wallMs, threads: busiest };
    }
  }
}
