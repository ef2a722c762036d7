// Whether what a file holds are results: whoever reports on them or compares with them counts on their fields.

import type { Results } from "./protocol/results.ts";

type Kind = "text" | "number" | "list of numbers" | "table" | "list";
type Fields = Readonly<Record<string, Kind>>;

const headerFields: Fields = {
  ...({ startedAt: "text", commit: "text", machine: "text", node: "text", size: "text" } as const),
  ...({ cores: "number", memoryBytes: "number", threads: "number", runs: "number" } as const),
  ...({ rowSeconds: "number", runSeconds: "number", contenderMinutes: "number" } as const),
  absent: "table",
};

/** By the kind of a line. */
const fieldsOfLines: Readonly<Record<string, Fields>> = {
  run: headerFields,
  workload: { workload: "text", title: "text", data: "text", starts: "table" },
  result: {
    ...({ workload: "text", row: "text", title: "text", contender: "text" } as const),
    ...({ threads: "number", outcome: "table" } as const),
  },
  end: { tookMinutes: "number", spentMinutes: "table" },
  kernel: { kernel: "text", unit: "text", aim: "number", ours: "number", duckdb: "number" },
  work: {
    ...({ work: "text", rows: "number", rowBytes: "number", limitBytes: "number" } as const),
    ...({ peakBytesMax: "number", peakBytes: "number", seconds: "number" } as const),
  },
  profile: { row: "text", ratio: "number", fastest: "text", wallMs: "number", threads: "list" },
};

const fieldsOfOutcomes: Readonly<Record<string, Fields>> = {
  measured: { tookMs: "list of numbers", peakBytes: "number" },
  wrong: { reason: "text" },
  failed: { reason: "text" },
  late: { reason: "text", limitSeconds: "number" },
  skipped: { reason: "text" },
};

const isNumber = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value);

const isOf: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  number: isNumber,
  "list of numbers": (value) => Array.isArray(value) && value.length > 0 && value.every(isNumber),
  table: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  list: Array.isArray,
};

function missingOf(line: object, fields: Fields): string | undefined {
  const values = line as Readonly<Record<string, unknown>>;
  const missing = Object.entries(fields).find(([name, kind]) => !isOf[kind](values[name]));
  return missing === undefined ? undefined : `has no ${missing[0]}, which is a ${missing[1]}`;
}

function faultOf(line: object, kind: string, outcome?: unknown): string | undefined {
  const fault = missingOf(line, fieldsOfLines[kind] ?? {});
  if (fault !== undefined || kind !== "result") return fault;
  const found = outcome as { readonly kind?: unknown };
  const fields = fieldsOfOutcomes[String(found.kind)];
  if (fields === undefined) return "has an outcome of no kind";
  const missing = missingOf(found, fields);
  return missing === undefined ? undefined : `has an outcome that ${missing}`;
}

/** Throws where something is missing; whatever was read as results is at most that. */
export function checkResults(results: Results): void {
  const { header, workloads, results: rows, end, kernels, works, profiles } = results;
  const parts = [...kernels, ...works, ...profiles];
  for (const line of [
    header,
    ...workloads,
    ...rows,
    ...(end === undefined ? [] : [end]),
    ...parts,
  ]) {
    const fault = faultOf(line, line.kind, "outcome" in line ? line.outcome : undefined);
    if (fault !== undefined) throw new Error(`a line of the kind ${line.kind} ${fault}`);
  }
}
