// Kernels alone, in threads beside DuckDB with as many.

import { join } from "node:path";
import { projectFolder } from "../places.ts";
import type { KernelLine } from "../protocol/results.ts";
import type { PartSettings } from "./parts.ts";
import { printedObjects } from "./run-program.ts";

type Printed = Pick<KernelLine, "kernel" | "unit" | "aim" | "ours" | "duckdb">;

/** Millions of rows; little data tells nothing but that it works. */
const rowsOf = { full: "10", smoke: "0.01" } as const;

export async function* kernelLines(settings: PartSettings): AsyncGenerator<KernelLine> {
  const { size, threads, commit, note } = settings;
  const program = join(projectFolder(), "bench/micro/kernels/main.mjs");
  const args = ["--json", "--threads", `${threads}`, "--rows", rowsOf[size]];
  for await (const printed of printedObjects<Printed>(program, args)) {
    const { kernel, unit, aim, ours, duckdb } = printed;
    note(`${kernel}: ${ours.toFixed(1)} ${unit} (aim ${aim}), DuckDB ${duckdb.toFixed(1)}`);
    yield { kind: "kernel", commit, ...printed };
  }
}
