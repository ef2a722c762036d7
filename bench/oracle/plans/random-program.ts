// Random programs: some tables, steps on them and on each other's results, and how finely they are cut.
// All choices come from lists of numbers, so that fast-check shrinks a program to what matters of it.

import fc from "fast-check";
import type { PlanTargets } from "../../../proto/plan/bundle.ts";
import type { Field, Schema } from "../../../proto/plan/types.ts";
import { decodeValue, encodeValue } from "../../../proto/plan/values.ts";
import { RowSchema } from "../../../sdk/columns/schema.ts";
import type { Millrace } from "../../../sdk/dataset/millrace.ts";
import type { FileContents } from "../../../sdk/testing/read-files.ts";
import { rowsOf, typed } from "../../../sdk/testing/steps/table.ts";
import { closureSteps } from "./closure-steps.ts";
import { columnSteps } from "./column-steps.ts";
import { Dice } from "./dice.ts";
import { idioms } from "./idioms.ts";
import { exactSchema, type Known, type Promised, type Rows, type Step } from "./known.ts";
import { once } from "./once.ts";
import { canHold, type FileFormat, fileFormats, tableFiles } from "./table-files.ts";
import { twoInputSteps } from "./two-input-steps.ts";
import { pools, randomRow } from "./value-pools.ts";

/** What fast-check draws and shrinks. */
export interface Drawn {
  readonly tables: readonly {
    readonly columns: readonly number[];
    /** A seed for each row of each file. */
    readonly files: readonly (readonly number[])[];
    readonly isText: boolean;
    /** Choices of how the table is kept in files; none for rows that stand in the plan. */
    readonly kept: readonly number[];
  }[];
  readonly steps: readonly (readonly number[])[];
  readonly isCount: boolean;
  readonly sink: number;
  readonly planTargets: PlanTargets;
}

export interface Program {
  readonly text: string;
  /** Made at the first call. */
  readonly files: () => ReadonlyMap<string, Uint8Array>;
  /** The same files as the plain loops take them: as text, or as rows. */
  readonly contents: ReadonlyMap<string, FileContents>;
  /** Columns of the files below a pattern, where the program does not declare them. */
  readonly schemas: ReadonlyMap<string, Schema>;
  /** Kinds of files and of steps that it has. */
  readonly kinds: readonly string[];
  /** The dataset whose rows are asked for. */
  readonly rows: (mr: Millrace) => Rows;
  readonly known: Known;
  readonly promised: Promised;
  readonly isCount: boolean;
  /** The format that the rows are written in and read back from; undefined where they are collected. */
  readonly sink: FileFormat | undefined;
  readonly planTargets: PlanTargets;
}

interface Table {
  readonly text: string;
  readonly kind: string;
  readonly known: Known;
  readonly bytes: () => readonly (readonly [uri: string, bytes: Uint8Array])[];
  readonly contents: readonly (readonly [uri: string, contents: FileContents])[];
  readonly found?: readonly [pattern: string, schema: Schema];
  readonly read: (mr: Millrace) => Rows;
}

function columnsOf(numbers: readonly number[]): readonly Field[] {
  const [first = 0, ...rest] = numbers;
  const chosen = pools.filter(
    (_, at) => at === first % 3 || rest.some((n) => n % pools.length === at),
  );
  return chosen.map(({ name, type }, at) => ({
    name,
    type,
    nullable: at !== 1 || (rest[0] ?? 0) % 2 === 0,
  }));
}

function tableOf(drawn: Drawn["tables"][number], number: number): Table {
  const { columns, files, isText, kept } = drawn;
  const schema: Schema = { fields: columnsOf(columns) };
  const rawsOfFiles = files.map((seeds) => seeds.map((seed) => randomRow(schema.fields, seed)));
  const rowsOfFiles = rawsOfFiles.map((raws) => rowsOf(typed(schema, raws)));
  const rowSchema = new RowSchema<unknown>(schema.fields);
  const rowsMax = files.flat().length;
  const known = { schema, isOrdered: true, inexact: new Set<string>(), rowsMax };
  const text = `d${number} = ${JSON.stringify(rowsOfFiles.map(encodeValue))} as ${JSON.stringify(schema.fields)}`;
  const folder = `s3://in/${number}/`;
  const dice = new Dice(kept);
  const inFiles = kept.length === 0 ? undefined : tableFiles(schema, rawsOfFiles, folder, dice);
  if (inFiles !== undefined) {
    const { format, partitionColumns, isFound, rising } = inFiles;
    const options = {
      ...(isFound ? {} : { schema: rowSchema }),
      ...(partitionColumns ? { partitionColumns } : {}),
    };
    return {
      text: `${text}, ${inFiles.text}`,
      kind: `${format} files${partitionColumns ? " in folders" : ""}`,
      known: {
        ...known,
        isScan: format === "parquet" && !partitionColumns,
        ...(rising === undefined ? {} : { rising }),
      },
      bytes: inFiles.bytes,
      contents: inFiles.rows,
      ...(isFound ? { found: [folder, schema] as const } : {}),
      read: (mr) => {
        // Of one signature for all formats.
        const read = mr.read[format].bind(mr.read) as (from: string, how: unknown) => Rows;
        return read(folder, options);
      },
    };
  }
  // Files of nothing are refused, so there is a line in any case.
  if (isText && rowsMax > 0) {
    const lines = rowsOfFiles.map((rows) => rows.map((row) => `${encodeValue(row)}\n`).join(""));
    const contents = lines.map((content, at) => [`${folder}${at}.txt`, content] as const);
    return {
      text: `${text}, as lines of text`,
      kind: "lines of text",
      known,
      bytes: () => contents.map(([uri, content]) => [uri, new TextEncoder().encode(content)]),
      contents,
      read: (mr) => (mr.read.text(folder).map(decodeValue) as Rows).as(rowSchema),
    };
  }
  const read = (mr: Millrace): Rows => {
    const [first, ...more] = rowsOfFiles.map((rows) => mr.of(rows, rowSchema) as Rows);
    return more.length === 0 ? first! : first!.union(...more);
  };
  return { text, kind: "rows of the plan", known, bytes: () => [], contents: [], read };
}

const allSteps = [...columnSteps, ...twoInputSteps, ...closureSteps, ...idioms];
const lots = allSteps.flatMap(({ weight, make }) => Array.from({ length: weight }, () => make));

function stepOf(numbers: readonly number[], pool: readonly Known[]): Step | undefined {
  const dice = new Dice(numbers);
  const make = dice.oneOf(lots);
  const place = pool.length - 1 - (dice.isRare(4) ? dice.upTo(pool.length) : 0);
  const input = { place, known: pool[place]! };
  if (exactSchema(input.known).fields.length === 0 && input.known.schema.fields.length === 0) {
    return undefined;
  }
  return make(input, dice, pool);
}

export function programOf(drawn: Drawn): Program {
  const tables = drawn.tables.map(tableOf);
  const pool = tables.map(({ known }) => known);
  const steps: Step[] = [];
  for (const numbers of drawn.steps) {
    const made = stepOf(numbers, pool);
    if (made === undefined) continue;
    steps.push(made);
    const { rising: _, ...rest } = made.known;
    pool.push({ ...rest, isScan: false });
    if (made.promised !== undefined) break;
  }
  const known = pool.at(-1)!;
  const shown = steps.map(({ text }, at) => `d${tables.length + at} = ${text}`);
  const { isCount, planTargets } = drawn;
  const sink = isCount ? undefined : sinkOf(drawn.sink, known.schema);
  const ending = isCount ? "count" : sink === undefined ? "collect" : `write as ${sink}, read`;
  const end = `${ending} d${pool.length - 1}, cut by ${JSON.stringify(planTargets)}`;
  return {
    text: [...tables.map(({ text }) => text), ...shown, end].join("\n"),
    files: once(() => new Map(tables.flatMap(({ bytes }) => bytes()))),
    contents: new Map(tables.flatMap(({ contents }) => contents)),
    schemas: new Map(tables.flatMap(({ found }) => (found === undefined ? [] : [found]))),
    kinds: [...tables.map(({ kind }) => kind), ...(sink === undefined ? [] : [`written ${sink}`])],
    rows: (mr) => {
      const made = tables.map(({ read }) => read(mr));
      for (const { apply } of steps) made.push(apply(made));
      return made.at(-1)!;
    },
    known,
    promised: steps.at(-1)?.promised ?? (known.isOrdered ? "order" : "rows"),
    isCount,
    sink,
    planTargets,
  };
}

/** The drawn format if it can hold the rows; none for numbers above those of formats. */
function sinkOf(drawn: number, schema: Schema): FileFormat | undefined {
  const format = fileFormats[drawn];
  return format !== undefined && canHold(format, schema) ? format : undefined;
}

const seed = fc.nat({ max: 0x7fff_ffff });

const table = fc.record({
  columns: fc.array(fc.nat(99), { minLength: 2, maxLength: 6, size: "max" }),
  files: fc.array(fc.array(seed, { maxLength: 12, size: "max" }), {
    minLength: 1,
    maxLength: 4,
    size: "max",
  }),
  isText: fc.boolean(),
  kept: fc.oneof(
    fc.constant<number[]>([]),
    fc.array(fc.nat(99), { minLength: 40, maxLength: 40, size: "max" }),
  ),
});

export const drawnPrograms: fc.Arbitrary<Drawn> = fc.record({
  tables: fc.array(table, { minLength: 1, maxLength: 3, size: "max" }),
  steps: fc.array(fc.array(fc.nat(9999), { minLength: 40, maxLength: 40, size: "max" }), {
    minLength: 1,
    maxLength: 7,
    size: "max",
  }),
  isCount: fc.nat(7).map((dice) => dice === 7),
  sink: fc.nat(11).map((dice) => 11 - dice),
  planTargets: fc.record({
    splitBytes: fc.integer({ min: 40, max: 600 }),
    partitionBytes: fc.integer({ min: 30, max: 900 }),
    // A block of a few rows has some hundreds of bytes.
    coalescedBytes: fc.constantFrom(1000, 4000, 300, 0),
    broadcastBytes: fc.constantFrom(0, 100, 1_000, 1_000_000),
  }),
});
