// Where the figures of a plot come from: a picture is shown without its report.

import type { RunHeader, WorkloadLine } from "../protocol/results.ts";
import { titleOf } from "./markdown-table.ts";

export interface PlotOrigin {
  /** The machine, the day and the seeds: short enough for the foot of a picture. */
  readonly line: string;
  /** Everything, for who reads the file. */
  readonly description: string;
}

function seedsIn(data: string): readonly string[] {
  return [...new Set([...data.matchAll(/\bseed (\d+)/g)].map(([, number]) => number!))];
}

export function originOf(header: RunHeader, { data, starts }: WorkloadLine): PlotOrigin {
  const { machine, cores, node, startedAt, commit, threads, size } = header;
  const measured = `${machine}, ${cores} cores, Node ${node}, ${startedAt.slice(0, 10)}, commit ${commit}`;
  const sized = size === "full" ? measured : `${measured}, size ${size}`;
  const seeds = seedsIn(data);
  const seeded = seeds.length === 0 ? "" : `, seed ${seeds.join(" and ")}`;
  const versions = Object.entries(starts).map(([name, { version }]) => {
    return `${titleOf(name)} ${version}`;
  });
  const parts = [sized, `${threads} threads each`, data, versions.join(", ")];
  return {
    line: `${sized}${seeded}`,
    description: `Millrace's benchmark suite. ${parts.filter((part) => part !== "").join(". ")}.`,
  };
}
