// Maps stacks of a compiled job module back to the user's own source, by the module's inline source map.

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { Locate } from "../operators/user-code.ts";

const mapMarker = "//# sourceMappingURL=data:application/json;";

/** Library code in the module: an error is better shown where the user called it. */
const libraryPath = /(^|\/)(node_modules|dist|sdk)\//;
/** Ours: what happened there is of no use to a user. */
const ownPath = /(^|\/)(dist|sdk)\//;

function inlineMap(code: string): TraceMap | undefined {
  const at = code.lastIndexOf(mapMarker);
  if (at < 0) return undefined;
  const comma = code.indexOf(",", at);
  const line = code.slice(comma + 1).split("\n", 1)[0] ?? "";
  const isBase64 = code.slice(at, comma).endsWith(";base64");
  try {
    return new TraceMap(
      isBase64 ? Buffer.from(line, "base64").toString("utf8") : decodeURIComponent(line),
    );
  } catch {
    // A module without a readable map still runs; its stacks show its own lines.
    return undefined;
  }
}

function mapFrame(map: TraceMap, line: number, column: number): string | undefined {
  const found = originalPositionFor(map, { line, column: column - 1 });
  if (found.source === null) return undefined;
  const source = found.source.replace(/^(\.\.\/)+/, "");
  return `${source}:${found.line}:${found.column + 1}`;
}

/** `readCode` is called once, with the first error. */
export function stackMapper(moduleUrl: string, readCode: () => string): Locate {
  let map: TraceMap | undefined;
  let isRead = false;
  const escaped = moduleUrl.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const frame = new RegExp(`${escaped}:(\\d+):(\\d+)`, "g");

  return (thrown) => {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    if (stack === undefined) return {};
    if (!isRead) map = inlineMap(readCode());
    isRead = true;
    const places: string[] = [];
    const mapped = stack.replace(frame, (_, line: string, column: string) => {
      const own = `job.mjs:${line}:${column}`;
      const place = map === undefined ? own : (mapFrame(map, Number(line), Number(column)) ?? own);
      places.push(place);
      return place;
    });
    const source =
      places.find((place) => !libraryPath.test(place)) ??
      places.find((place) => !ownPath.test(place));
    return source === undefined ? { stack: mapped } : { source, stack: mapped };
  };
}
