// A few shapes of SVG, and a scale of logarithms.

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

/** Colours that are told apart by most eyes (Okabe and Ito); ours is black. */
const palette: Readonly<Record<string, string>> = {
  millrace: "#000000",
  "millrace-3": "#777777",
  baseline: "#999999",
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

export function picture(width: number, height: number, shapes: readonly string[]): string {
  const background = shape("rect", { width, height, fill: "#ffffff" });
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    "font-family": "sans-serif",
  };
  return `${shape("svg", attributes, [background, ...shapes].join("\n"))}\n`;
}

export interface LogScale {
  place(value: number): number;
  /** 1, 2 and 5 times powers of ten within the range. */
  readonly ticks: readonly number[];
}

/** From the least to the most of some values, over pixels. */
export function logScale(values: readonly number[], from: number, to: number): LogScale {
  const least = Math.log10(Math.min(...values) / 1.15);
  const most = Math.log10(Math.max(...values) * 1.15);
  const place = (value: number): number =>
    from + ((Math.log10(value) - least) / Math.max(1e-9, most - least)) * (to - from);
  const ticks: number[] = [];
  const steps = most - least > 3 ? [1] : [1, 2, 5];
  for (let power = Math.floor(least); power <= most; power++) {
    for (const step of steps) {
      const value = Number((step * 10 ** power).toPrecision(3));
      if (Math.log10(value) >= least && Math.log10(value) <= most) ticks.push(value);
    }
  }
  return { place, ticks };
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
    at += 30 + title.length * 7.5;
    return [
      shape("circle", { cx: start + 5, cy: y - 4, r: 5, fill: colour }),
      label(start + 15, y, title),
    ];
  });
  return shapes.join("\n");
}
