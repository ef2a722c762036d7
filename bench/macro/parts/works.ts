// Works that hold ten times what they may, and the writing of a large file without a limit.

import { builtFile } from "../places.ts";
import type { WorkLine } from "../protocol/results.ts";
import { bytesText } from "../report/units.ts";
import type { PartSettings } from "./parts.ts";
import { printedObjects } from "./run-program.ts";

type Printed = Omit<WorkLine, "kind" | "commit">;

const works = "group,sort,join,parquet";
const smokeRows = ["--rows", "20000"];

export async function* workLines(settings: PartSettings): AsyncGenerator<WorkLine> {
  const { size, threads, commit, note } = settings;
  const args = [
    "--json",
    "--only",
    works,
    "--threads",
    `${threads}`,
    ...(size === "smoke" ? smokeRows : []),
  ];
  for await (const printed of printedObjects<Printed>(builtFile("bench/memory/main.mjs"), args)) {
    const { work, peakBytes, limitBytes, problem } = printed;
    note(`${work}: ${bytesText(peakBytes)} of ${bytesText(limitBytes)}, ${problem ?? "right"}`);
    yield { kind: "work", commit, ...printed };
  }
}
