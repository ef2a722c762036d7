// Figures of a benchmark: repeated values, their range, and the aim they are held against.

/** What a figure should be; `most` for costs and waits, `least` for rates. */
export interface Aim {
  readonly kind: "most" | "least";
  readonly value: number;
}

export interface Figure {
  readonly measure: string;
  readonly what: string;
  readonly unit: string;
  /** One for each repetition. */
  readonly values: readonly number[];
  readonly aim?: Aim;
}

export interface FigureLine {
  readonly measure: string;
  readonly what: string;
  readonly unit: string;
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly runs: number;
  readonly aim?: string;
  readonly met?: boolean;
}

/** Nearest rank: the smallest value that at least this share of all values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length)));
  return sorted[rank - 1] ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

function describeAim({ kind, value }: Aim): string {
  return `${kind === "most" ? "≤" : "≥"} ${value}`;
}

/** An aim counts as met when the median meets it. */
export function summarize(figure: Figure): FigureLine {
  const { measure, what, unit, values, aim } = figure;
  const median = percentile(values, 0.5);
  const isMet =
    aim !== undefined && (aim.kind === "most" ? median <= aim.value : median >= aim.value);
  return {
    measure,
    what,
    unit,
    min: rounded(percentile(values, 0)),
    median: rounded(median),
    max: rounded(percentile(values, 1)),
    runs: values.length,
    ...(aim === undefined ? {} : { aim: describeAim(aim), met: isMet }),
  };
}

export function tableRow(line: FigureLine): string {
  const verdict = line.met === undefined ? "" : line.met ? "met" : "missed";
  const range = line.runs === 1 ? "" : `${line.min} to ${line.max}`;
  const figure = `${line.median} ${line.unit}`;
  return `| ${[line.measure, line.what, figure, range, line.aim ?? "", verdict].join(" | ")} |`;
}

/** Repeats of one measurement, gathered by what they say. */
export function gather(runs: readonly (readonly Figure[])[]): Figure[] {
  const all = new Map<string, Figure>();
  for (const figure of runs.flat()) {
    const key = `${figure.measure} ${figure.what}`;
    const known = all.get(key);
    const values = [...(known?.values ?? []), ...figure.values];
    all.set(key, { ...figure, values });
  }
  return [...all.values()];
}
