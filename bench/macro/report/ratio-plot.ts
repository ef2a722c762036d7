// Ratios to us, row by row, on a scale of logarithms: right of the line is slower than Millrace.

import { medianMs, type ResultLine } from "../protocol/results.ts";
import { takingPart } from "./markdown.ts";
import { titleOf } from "./markdown-table.ts";
import type { PlotOrigin } from "./plot-origin.ts";
import {
  colourOf,
  escaped,
  faint,
  ink,
  label,
  legend,
  logScale,
  picture,
  shape,
  textWidth,
} from "./svg.ts";
import { ratioText } from "./units.ts";

const plotWidth = 560;
const rightWidth = 30;
const rowHeight = 24;
const top = 64;

interface Point {
  readonly contender: string;
  readonly ratio: number;
  /** Stopped there: it would have taken longer. */
  readonly isLate: boolean;
}

interface PlotRow {
  readonly title: string;
  readonly points: readonly Point[];
}

function plotRows(lines: readonly ResultLine[]): PlotRow[] {
  const rows = new Map<string, ResultLine[]>();
  for (const line of lines) rows.set(line.row, [...(rows.get(line.row) ?? []), line]);
  return [...rows.values()].flatMap((all) => {
    const ours = all.find(({ contender }) => contender === "millrace");
    const ourMs = ours === undefined ? undefined : medianMs(ours);
    if (ourMs === undefined) return [];
    const points = all.flatMap((line) => {
      const { contender, outcome } = line;
      const isLate = outcome.kind === "late";
      const ms = isLate ? outcome.limitSeconds * 1000 : medianMs(line);
      if (ms === undefined || contender === "millrace") return [];
      return [{ contender, ratio: ms / ourMs, isLate }];
    });
    return points.length === 0 ? [] : [{ title: all[0]!.title, points }];
  });
}

function tickText(value: number): string {
  return `${value} ×`;
}

/** Undefined where there is nobody to compare with. */
export function ratioPlot(
  title: string,
  lines: readonly ResultLine[],
  origin: PlotOrigin,
): string | undefined {
  const rows = plotRows(lines);
  const ratios = rows.flatMap(({ points }) => points.map(({ ratio }) => ratio));
  if (ratios.length === 0) return undefined;
  const bottom = top + rows.length * rowHeight;
  const leftWidth = 24 + Math.max(...rows.map((row) => textWidth(row.title)));
  const width = leftWidth + plotWidth + rightWidth;
  const { place, ticks } = logScale([...ratios, 1], leftWidth, leftWidth + plotWidth);
  const grid = ticks.flatMap((tick) => [
    shape("line", { x1: place(tick), x2: place(tick), y1: top, y2: bottom, stroke: faint }),
    label(place(tick), bottom + 16, tickText(tick), { "text-anchor": "middle", "font-size": 11 }),
  ]);
  const one = place(1);
  const marks = rows.flatMap(({ title: rowTitle, points }, index) => {
    const y = top + (index + 0.5) * rowHeight;
    return [
      label(leftWidth - 10, y + 4, rowTitle, { "text-anchor": "end" }),
      ...points.map(({ contender, ratio, isLate }) =>
        shape(
          "circle",
          {
            ...{ cx: place(ratio), cy: y, r: 5.5 },
            ...(isLate
              ? { fill: "none", stroke: colourOf(contender), "stroke-width": 1.5 }
              : { fill: colourOf(contender), "fill-opacity": "0.85" }),
          },
          shape(
            "title",
            {},
            escaped(`${titleOf(contender)}: ${isLate ? "over " : ""}${ratioText(ratio)}`),
          ),
        ),
      ),
    ];
  });
  const isAnyLate = rows.some(({ points }) => points.some(({ isLate }) => isLate));
  const late = isAnyLate ? "; rings: stopped there" : "";
  const names = takingPart(lines).filter((name) => name !== "millrace");
  return picture(title, origin, { width, height: bottom + 48 }, [
    label(12, 22, title, { "font-size": 15, "font-weight": "bold" }),
    legend(
      12,
      46,
      names.map((name) => [titleOf(name), colourOf(name)] as const),
    ),
    ...grid,
    label(one, top - 4, "Millrace", { "text-anchor": "middle", "font-size": 10 }),
    shape("line", { x1: one, x2: one, y1: top, y2: bottom, stroke: ink, "stroke-width": 1.5 }),
    ...marks,
    label(
      leftWidth + plotWidth / 2,
      bottom + 36,
      `time over Millrace's: left of the line is faster, right of it slower${late}`,
      { "text-anchor": "middle", "font-size": 11 },
    ),
  ]);
}
