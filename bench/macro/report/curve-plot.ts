// Curves: how long something takes along sizes, partitions or threads, on scales of logarithms.

import { medianMs, type ResultLine } from "../protocol/results.ts";
import { takingPart } from "./markdown.ts";
import { titleOf } from "./markdown-table.ts";
import type { PlotOrigin } from "./plot-origin.ts";
import { colourOf, faint, type LogScale, label, legend, logScale, picture, shape } from "./svg.ts";
import { durationTick } from "./units.ts";

const left = 80;
const top = 64;
const width = 640;
const right = width - 20;
const height = 400;
const bottom = height - 64;

interface Point {
  readonly at: number;
  readonly ms: number;
}

function pointsOf(lines: readonly ResultLine[], contender: string): Point[] {
  return lines
    .flatMap((line) => {
      const ms = medianMs(line);
      const { curve } = line;
      if (line.contender !== contender || ms === undefined || curve === undefined) return [];
      return [{ at: curve.at, ms }];
    })
    .sort((a, b) => a.at - b.at);
}

/** Lines and labels at round times, and at the places that were measured. */
function gridOf(x: LogScale, y: LogScale, places: readonly number[]): string[] {
  const times = y.ticks.flatMap((tick) => {
    const at = y.place(tick);
    const end = { "text-anchor": "end", "font-size": 11 };
    return [
      shape("line", { x1: left, x2: right, y1: at, y2: at, stroke: faint }),
      label(left - 8, at + 4, durationTick(tick), end),
    ];
  });
  const measured = places.flatMap((place) => {
    const at = x.place(place);
    const middle = { "text-anchor": "middle", "font-size": 11 };
    return [
      shape("line", { x1: at, x2: at, y1: top, y2: bottom, stroke: faint }),
      label(at, bottom + 18, String(place), middle),
    ];
  });
  return [...times, ...measured];
}

/** Undefined where nothing was measured. `lines`: those of one curve. */
export function curvePlot(
  title: string,
  lines: readonly ResultLine[],
  origin: PlotOrigin,
): string | undefined {
  const along = lines[0]?.curve?.along ?? "";
  const names = takingPart(lines);
  const curves = names.map((name) => ({ name, points: pointsOf(lines, name) }));
  const all = curves.flatMap(({ points }) => points);
  if (all.length === 0) return undefined;
  const x = logScale(
    all.map(({ at }) => at),
    left,
    right,
  );
  const y = logScale(
    all.map(({ ms }) => ms),
    bottom,
    top,
  );
  const grid = gridOf(x, y, [...new Set(all.map(({ at }) => at))]);
  const marks = curves.flatMap(({ name, points }) => {
    const colour = colourOf(name);
    const path = points.map(({ at, ms }) => `${x.place(at).toFixed(1)},${y.place(ms).toFixed(1)}`);
    return [
      shape("polyline", {
        points: path.join(" "),
        fill: "none",
        stroke: colour,
        "stroke-width": 2,
      }),
      ...points.map(({ at, ms }) =>
        shape("circle", { cx: x.place(at), cy: y.place(ms), r: 4, fill: colour }),
      ),
    ];
  });
  return picture(title, origin, { width, height }, [
    label(12, 22, title, { "font-size": 15, "font-weight": "bold" }),
    legend(
      12,
      46,
      names.map((name) => [titleOf(name), colourOf(name)] as const),
    ),
    ...grid,
    ...marks,
    label(
      (left + width) / 2,
      height - 22,
      `${along}; up: median time; both scales are logarithmic`,
      {
        "text-anchor": "middle",
        "font-size": 11,
      },
    ),
  ]);
}
