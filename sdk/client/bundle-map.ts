// The source map of a compiled job: only what finds places in the user's own sources, inside the module.

import { decodedMappings, type SourceMapSegment, TraceMap } from "@jridgewell/trace-mapping";

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Base64 variable-length quantity: five bits a digit, the lowest bit of the value is its sign. */
function quantity(value: number): string {
  let rest = value < 0 ? (-value << 1) | 1 : value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += digits[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
}

/** Generated column, source, line, column: each as its difference from the one before. */
function encode(lines: readonly (readonly SourceMapSegment[])[]): string {
  let source = 0;
  let line = 0;
  let column = 0;
  const encodeLine = (segments: readonly SourceMapSegment[]): string => {
    let generated = 0;
    const texts = segments.map((segment) => {
      const start = quantity(segment[0] - generated);
      generated = segment[0];
      if (segment.length === 1) return start;
      const [, toSource, toLine, toColumn] = segment;
      const rest = quantity(toSource - source) + quantity(toLine - line);
      const text = start + rest + quantity(toColumn - column);
      source = toSource;
      line = toLine;
      column = toColumn;
      return text;
    });
    return texts.join(",");
  };
  return lines.map(encodeLine).join(";");
}

/** Places in the runtime interest nobody: one segment says as much as a thousand. */
function withoutDetails(
  segments: readonly SourceMapSegment[],
  runtimeSource: number,
): readonly SourceMapSegment[] {
  const isRuntime = (segment: SourceMapSegment | undefined): boolean =>
    segment !== undefined && segment.length > 1 && segment[1] === runtimeSource;
  const kept = segments.filter(
    (segment, index) => !(isRuntime(segment) && isRuntime(segments[index - 1])),
  );
  return kept.map((segment) => (isRuntime(segment) ? [segment[0], runtimeSource, 0, 0] : segment));
}

/** The comment to end a module with. `runtime`: the runtime's source in the map, and the name to give it. */
export function inlineMapComment(
  mapJson: string,
  runtime: { readonly source: string; readonly name: string },
): string {
  const map = new TraceMap(mapJson);
  const runtimeSource = map.sources.indexOf(runtime.source);
  const lines = decodedMappings(map).map((segments) => withoutDetails(segments, runtimeSource));
  const sources = map.sources.map((source) => (source === runtime.source ? runtime.name : source));
  const small = JSON.stringify({ version: 3, sources, names: [], mappings: encode(lines) });
  const base64 = Buffer.from(small, "utf8").toString("base64");
  // In two pieces, or tools would take this line for the map of this file.
  return `//# ${"source"}MappingURL=data:application/json;base64,${base64}\n`;
}
