// A few shapes of SVG, and a scale of logarithms.

import type { PlotOrigin } from "./plot-origin.ts";

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

type Attributes = Readonly<Record<string, string | number>>;

export function shape(name: string, attributes: Attributes, inner = ""): string {
  const written = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === "number" ? String(Number(value.toFixed(2))) : value;
    return ` ${key}="${text}"`;
  });
  return inner === ""
    ? `<${name}${written.join("")}/>`
    : `<${name}${written.join("")}>${inner}</${name}>`;
}

export function label(x: number, y: number, text: string, more: Attributes = {}): string {
  return shape("text", { x, y, fill: ink, "font-size": 12, ...more }, escaped(text));
}

export const ink = "#222222";
export const faint = "#dddddd";
const muted = "#666666";

/** Colours that are told apart by most eyes (Okabe and Ito, and a brown); ours is black. */
const palette: Readonly<Record<string, string>> = {
  millrace: "#000000",
  "millrace-3": "#777777",
  baseline: "#8C564B",
  duckdb: "#E69F00",
  polars: "#0072B2",
  spark: "#D55E00",
  dask: "#009E73",
  ray: "#56B4E9",
  skale: "#CC79A7",
};

export function colourOf(contender: string): string {
  return palette[contender] ?? ink;
}

const footHeight = 20;

/** On white of its own, whatever the page's background is; where it comes from stands below it. */
export function picture(
  title: string,
  origin: PlotOrigin,
  size: { readonly width: number; readonly height: number },
  shapes: readonly string[],
): string {
  const { width } = size;
  const height = size.height + footHeight;
  const background = shape("rect", { width, height, fill: "#ffffff" });
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    "font-family": "sans-serif",
    role: "img",
  };
  const named = shape("title", {}, escaped(title));
  const described = shape("desc", {}, escaped(origin.description));
  const foot = label(12, height - 8, origin.line, { "font-size": 9, fill: muted });
  const all = [named, described, background, ...shapes, foot];
  return `${shape("svg", attributes, all.join("\n"))}\n`;
}

export interface LogScale {
  place(value: number): number;
  /** 1, 2 and 5 times powers of ten, or these powers alone; all values lie between the first and the last. */
  readonly ticks: readonly number[];
}

const decadesWithSteps = 3;

/** From the least to the most of some values, over pixels. */
export function logScale(values: readonly number[], from: number, to: number): LogScale {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const steps = Math.log10(most / least) > decadesWithSteps ? [1] : [1, 2, 5];
  const candidates: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most) + 1; power++) {
    for (const step of steps) candidates.push(Number((step * 10 ** power).toPrecision(3)));
  }
  const first = candidates.findLastIndex((tick) => tick <= least);
  const last = candidates.findIndex((tick) => tick >= most && tick > candidates[first]!);
  const ticks = candidates.slice(Math.max(0, first), last + 1);
  const [low, high] = [Math.log10(ticks[0]!), Math.log10(ticks.at(-1)!)];
  const place = (value: number): number =>
    from + ((Math.log10(value) - low) / (high - low)) * (to - from);
  return { place, ticks };
}

/** About as wide as text of this size is. */
export function textWidth(text: string): number {
  return text.length * 6.8;
}

/** Names with their colours, from left to right. */
export function legend(
  x: number,
  y: number,
  names: readonly (readonly [string, string])[],
): string {
  let at = x;
  const shapes = names.flatMap(([title, colour]) => {
    const start = at;
    at += 32 + textWidth(title);
    return [
      shape("circle", { cx: start + 5, cy: y - 4, r: 5, fill: colour }),
      label(start + 15, y, title),
    ];
  });
  return shapes.join("\n");
}
