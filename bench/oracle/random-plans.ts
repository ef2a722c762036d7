// Random plans and inputs for comparisons: functions that take rows of any type, sources with odd ends.

import { gzipSync } from "node:zlib";
import fc from "fast-check";
import type { PlanTargets } from "../../proto/plan/bundle.ts";
import type { Dataset } from "../../sdk/dataset/dataset.ts";
import type { Millrace } from "../../sdk/dataset/millrace.ts";
import { identity } from "../../sdk/testing/value-order.ts";

export type Format = "text" | "ndjson" | "csv";
export type Ending = "collect" | "count" | "ndjson";

export interface RandomPlan {
  readonly format: Format;
  /** Rows by file. */
  readonly files: readonly (readonly unknown[])[];
  readonly packed: readonly boolean[];
  readonly chosen: Chosen;
  readonly ending: Ending;
  readonly planTargets: PlanTargets;
}

type Rows = Dataset<unknown>;

export interface Step {
  /** Shown when a plan fails. */
  readonly name: string;
  readonly apply: (rows: Rows) => Rows;
}

const step = (name: string, apply: (rows: Rows) => Rows): Step => ({ name, apply });

const lengthOf = (row: unknown): number => identity(row).length;

/** What JSON lacks, and what compares in its own way. */
const richValues: readonly unknown[] = [
  Number.NaN,
  Number.NEGATIVE_INFINITY,
  10n,
  -3n,
  new Date(0),
  new Date(Number.NaN),
  new Uint8Array([1, 2]),
  [undefined, null],
  { nested: { b: undefined, a: [1n] } },
];

const rowwise: readonly Step[] = [
  step("map to length", (rows) => rows.map(lengthOf)),
  step("map to text", (rows) => rows.map(identity)),
  step("map to record", (rows) => rows.map((row) => ({ of: row, size: lengthOf(row) % 4 }))),
  step("map to optional", (rows) =>
    rows.map((row) => {
      const size = lengthOf(row) % 4;
      return size === 0 ? { b: 1 } : { a: size === 1 ? undefined : size, b: size % 2 };
    }),
  ),
  step("map to undefined", (rows) => rows.map((row) => (lengthOf(row) > 6 ? row : undefined))),
  step("map to rich", (rows) =>
    rows.map((row) => richValues[lengthOf(row) % richValues.length] ?? row),
  ),
  step("map to list", (rows) => rows.map((row) => [row, lengthOf(row) % 3])),
  step("filter", (rows) => rows.filter((row) => lengthOf(row) % 3 !== 0)),
  step("filter all", (rows) => rows.filter(() => false)),
  step("flatMap to words", (rows) => rows.flatMap((row) => identity(row).split(" "))),
  step("flatMap by generator", (rows) =>
    rows.flatMap(function* (row) {
      for (let times = lengthOf(row) % 3; times > 0; times--) yield row;
    }),
  ),
];

const keyed: readonly Step[] = [
  step("countByValue", (rows) => rows.countByValue()),
  step("sum by length", (rows) =>
    rows.map((row): [number, number] => [lengthOf(row) % 5, 1]).reduceByKey((a, b) => a + b),
  ),
  step("largest by row", (rows) =>
    rows
      .map((row): [unknown, number] => [row, lengthOf(row)])
      .reduceByKey((a, b) => Math.max(a, b)),
  ),
];

const sorts: readonly Step[] = (["asc", "desc"] as const).flatMap((direction) => [
  ...["value", "count", "key", "size", "b"].map((column) =>
    step(`orderBy ${column} ${direction}`, (rows) => rows.orderBy(column as never, direction)),
  ),
  step(`orderBy length ${direction}`, (rows) => rows.orderBy(lengthOf, direction)),
]);

const limitStep = fc
  .constantFrom(0, 1, 2, 3, 5, 8, 17, 1000)
  .map((count) => step(`limit ${count}`, (rows) => rows.limit(count)));

/** What the plan promises of its rows: their order, or which they are, or only how many. */
export type Promised = "order" | "rows" | "number";

interface Chosen {
  readonly steps: readonly Step[];
  readonly promised: Promised;
}

/** Cuts the list after a limit whose rows no order decides: what follows it could be anything. */
function withoutChance(chosen: readonly Step[]): Chosen {
  let promised: Promised = "order";
  for (const [at, { name }] of chosen.entries()) {
    if (/^(countByValue|sum|largest)/.test(name)) promised = "rows";
    else if (name.startsWith("orderBy")) promised = "order";
    else if (name.startsWith("limit") && promised === "rows") {
      return { steps: chosen.slice(0, at + 1), promised: "number" };
    }
  }
  return { steps: chosen, promised };
}

const anyStep = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...rowwise) },
  { weight: 2, arbitrary: fc.constantFrom(...keyed) },
  { weight: 3, arbitrary: fc.constantFrom(...sorts) },
  { weight: 3, arbitrary: limitStep },
);

const textRow = fc.constantFrom("", "a", "b", "a b", "b a b", "é 😀", "\uffee \u{10ffff}", "c\td");
const scalar = fc.constantFrom<unknown>("", "a", "é", 0, 1, 2.5, -7, true, false, null);
const record = fc.record({ value: scalar, b: fc.nat(3), count: fc.nat(2) }, { requiredKeys: [] });
const jsonRow = fc.oneof(scalar, record, fc.array(scalar, { maxLength: 3 }));
const csvRow = fc.record({ value: textRow, b: fc.integer({ min: -3, max: 3 }) });

function rowOf(format: Format): fc.Arbitrary<unknown> {
  switch (format) {
    case "text":
      return textRow;
    case "ndjson":
      return jsonRow;
    default:
      return csvRow;
  }
}

export const randomPlan: fc.Arbitrary<RandomPlan> = fc
  .constantFrom<Format>("text", "ndjson", "csv")
  .chain((format) =>
    fc.record({
      format: fc.constant(format),
      files: fc.array(fc.array(rowOf(format), { maxLength: 25, size: "max" }), {
        minLength: 1,
        maxLength: 4,
        size: "max",
      }),
      packed: fc.array(
        fc.nat(3).map((dice) => dice === 0),
        { minLength: 4, maxLength: 4 },
      ),
      chosen: fc.array(anyStep, { maxLength: 6, size: "max" }).map(withoutChance),
      ending: fc.constantFrom<Ending>("collect", "collect", "count", "ndjson"),
      planTargets: fc.record({
        splitBytes: fc.integer({ min: 5, max: 120 }),
        partitionBytes: fc.integer({ min: 15, max: 300 }),
        coalescedBytes: fc.constantFrom(0, 1, 300, 1000, 4000),
        broadcastBytes: fc.constantFrom(0, 100, 1_000, 1_000_000),
      }),
    }),
  );

function contentOf(format: Format, rows: readonly unknown[]): string {
  switch (format) {
    case "text":
      return rows.map((row) => `${row}\n`).join("");
    case "ndjson":
      // A blank line and a missing end are no rows and no loss.
      return rows.map((row) => `${JSON.stringify(row)}`).join("\n\n");
    default:
      return ["value,b", ...(rows as readonly { value: string; b: number }[]).map(csvLine)].join(
        "\r\n",
      );
  }
}

const csvLine = ({ value, b }: { value: string; b: number }): string => `"${value}",${b}`;

export const inputFolder = "s3://in/";

/** Contents by URI, unpacked. */
export function textsOf({ format, files }: RandomPlan): Record<string, string> {
  return Object.fromEntries(
    files.map((rows, index) => [`${inputFolder}${index}.${format}`, contentOf(format, rows)]),
  );
}

/** The same as bytes, some packed: none that is empty, so that both are empty together. */
export function filesOf(plan: RandomPlan): Map<string, Uint8Array> {
  return new Map(
    Object.entries(textsOf(plan)).map(([uri, text], index) => {
      const bytes = new TextEncoder().encode(text);
      const isPacked = plan.packed[index] === true && bytes.length > 0;
      return isPacked ? [`${uri}.gz`, gzipSync(bytes)] : [uri, bytes];
    }),
  );
}

/** The dataset of a plan, read from `inputFolder`. */
export function datasetOf(mr: Millrace, plan: RandomPlan): Rows {
  const { format } = plan;
  const rows: Rows =
    format === "text"
      ? mr.read.text(inputFolder)
      : format === "ndjson"
        ? mr.read.ndjson(inputFolder)
        : mr.read.csv(inputFolder, { columns: { value: "string", b: "number" } });
  return plan.chosen.steps.reduce((made, { apply }) => apply(made), rows);
}
