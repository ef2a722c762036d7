// What the suite must show, as data, and how far each result is from it.

import { geometricMean, medianMs, type ResultLine, type Results } from "../protocol/results.ts";
import { ratioText } from "./units.ts";

interface Aim {
  readonly what: string;
  /** Rows as `workload/row`; of several the geometric mean counts, unless `each` must meet it. */
  readonly rows: RegExp;
  readonly each: boolean;
  /** The better one of these. */
  readonly against: readonly string[];
  /** Their time over ours, at least. */
  readonly least: number;
}

const spark = ["spark"] as const;
const columnar = ["duckdb", "polars"] as const;
const languages = ["spark", "polars", "dask", "ray", "skale"] as const;

export const aims: readonly Aim[] = [
  { what: "every row", rows: /^(?!scaling|small)/, each: true, against: spark, least: 4 },
  { what: "TPC-H", rows: /^tpch\//, each: false, against: spark, least: 8 },
  {
    what: "small queries and start-up",
    rows: /^(flights|small)\//,
    each: true,
    against: spark,
    least: 10,
  },
  {
    what: "word count by expressions",
    rows: /^word-count\/expressions$/,
    each: true,
    against: columnar,
    least: 1,
  },
  { what: "sort of 1 GB", rows: /^tera-sort\//, each: true, against: columnar, least: 1 },
  { what: "TPC-H", rows: /^tpch\//, each: false, against: columnar, least: 0.5 },
  {
    what: "group-by",
    rows: /^(group-by\/|columns\/sums)/,
    each: false,
    against: columnar,
    least: 0.5,
  },
  { what: "joins", rows: /^(join\/|columns\/join)/, each: false, against: columnar, least: 0.5 },
  { what: "sort of doubles", rows: /^columns\/sort$/, each: true, against: columnar, least: 0.5 },
  {
    what: "functions of the user's",
    rows: /closure|^user-function\//,
    each: true,
    against: languages,
    least: 5,
  },
  { what: "one thread (COST)", rows: /^(?!scaling)/, each: true, against: ["baseline"], least: 1 },
];

interface Ratio {
  readonly row: string;
  readonly ratio: number;
  /** Whether one of both has but one run, without a warm-up before it. */
  readonly isCold: boolean;
}

interface Time {
  readonly ms: number;
  readonly isCold: boolean;
}

function timeOf(line: ResultLine): Time | undefined {
  const ms = medianMs(line);
  const isCold = line.outcome.kind === "measured" && line.outcome.isCold === true;
  return ms === undefined ? undefined : { ms, isCold };
}

/** The better peer's time over ours, for each row that both have. */
function ratiosOf(results: readonly ResultLine[], { rows, against }: Aim): Ratio[] {
  const found = new Map<string, { ours?: Time; theirs?: Time }>();
  for (const line of results) {
    const name = `${line.workload}/${line.row}`;
    const time = timeOf(line);
    if (!rows.test(name) || time === undefined) continue;
    const pair = found.get(name) ?? {};
    if (line.contender === "millrace") pair.ours = time;
    if (against.includes(line.contender) && time.ms <= (pair.theirs?.ms ?? time.ms)) {
      pair.theirs = time;
    }
    found.set(name, pair);
  }
  return [...found].flatMap(([row, { ours, theirs }]) =>
    ours === undefined || theirs === undefined
      ? []
      : [{ row, ratio: theirs.ms / ours.ms, isCold: ours.isCold || theirs.isCold }],
  );
}

const meanOf = (ratios: readonly Ratio[]): number =>
  geometricMean(ratios.map(({ ratio }) => ratio));

/** The mean, and that of rows in which both were warm where these are not all. */
function meanText(ratios: readonly Ratio[], warm: readonly Ratio[]): string {
  const all = `${ratioText(meanOf(ratios))} (mean)`;
  if (warm.length === ratios.length) return all;
  if (warm.length === 0) return `${all}, cold`;
  return `${all}; ${ratioText(meanOf(warm))} of the ${warm.length} of ${ratios.length} rows that are warm`;
}

/** A mean has to meet its aim by rows that are warm, where there are any: first runs tell of starts too. */
function lineOf(aim: Aim, ratios: readonly Ratio[]): string {
  const wanted = `≥ ${aim.least} ×`;
  const who = aim.against.length > 1 ? `the better of ${aim.against.join(", ")}` : aim.against[0];
  const warm = ratios.filter(({ isCold }) => !isCold);
  const start = `| ${aim.what} | ${who} | ${wanted} | ${meanText(ratios, warm)}`;
  if (!aim.each) {
    const isMet = meanOf(warm.length > 0 ? warm : ratios) >= aim.least;
    return `${start} | ${isMet ? "yes" : "**no**"} |\n`;
  }
  const missed = ratios.filter(({ ratio }) => ratio < aim.least).sort((a, b) => a.ratio - b.ratio);
  const listed = missed
    .map(({ row, ratio, isCold }) => `${row} ${ratioText(ratio)}${isCold ? " cold" : ""}`)
    .join(", ");
  const met =
    missed.length === 0 ? "yes" : `**no**, ${missed.length} of ${ratios.length}: ${listed}`;
  return `${start} | ${met} |\n`;
}

/** A line for each aim that the results say something about. */
export function aimsTable({ results }: Results): string {
  const lines = aims.flatMap((aim) => {
    const ratios = ratiosOf(results, aim);
    return ratios.length === 0 ? [] : [lineOf(aim, ratios)];
  });
  if (lines.length === 0) return "";
  const head = "| rows | against | aim | found | met |\n| --- | --- | --- | --- | --- |\n";
  const warmth =
    "Their time over ours. A row is warm where both had a warm-up that did not count; others have one cold run of at least one.";
  return `## Aims\n\n${warmth}\n\n${head}${lines.join("")}`;
}
