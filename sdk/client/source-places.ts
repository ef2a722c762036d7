// Finds the places in the user's own sources that a stack of a compiled job speaks of.

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";
import type { ErrorDetails } from "../../proto/errors.ts";

/** Source position and readable stack of what a compiled job threw. */
export type Locate = (thrown: unknown) => Pick<ErrorDetails, "source" | "stack">;

const mapMarker = "MappingURL=data:application/json;base64,";
/** Library code in the module: an error is better shown where the user called it. */
const libraryPath = /(^|\/)(node_modules|millrace\/sdk)\//;

function mapOf(code: Uint8Array): TraceMap | undefined {
  const text = new TextDecoder().decode(code);
  const at = text.lastIndexOf(mapMarker);
  if (at < 0) return undefined;
  const base64 = text.slice(at + mapMarker.length).trimEnd();
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return new TraceMap(new TextDecoder().decode(bytes));
}

/** Modules are loaded from folders of this name. */
export const moduleFolderPrefix = "millrace-job-";

/** A frame in a loaded module: its file within the module's folder, the line and the column. */
const frame = new RegExp(
  `(?:file://)?[^\\s()]*/${moduleFolderPrefix}[A-Za-z0-9]{6}/([^\\s():]+):(\\d+):(\\d+)`,
  "g",
);

/** For what the compiled module `sha256` threw in this process. */
export function locateIn(code: Uint8Array, sha256: string): Locate {
  let map: TraceMap | undefined;
  let isRead = false;

  const placeOf = (file: string, line: string, column: string): string | undefined => {
    // Under --enable-source-maps the stack names the sources already.
    if (file !== `${sha256}.mjs`) return `${file}:${line}:${column}`;
    if (!isRead) map = mapOf(code);
    isRead = true;
    if (map === undefined) return undefined;
    const found = originalPositionFor(map, { line: Number(line), column: Number(column) - 1 });
    if (found.source === null) return undefined;
    return `${found.source.replace(/^(\.\.\/)+/, "")}:${found.line}:${found.column + 1}`;
  };

  return (thrown) => {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    if (stack === undefined) return {};
    let source: string | undefined;
    const mapped = stack.replace(frame, (found, file: string, line: string, column: string) => {
      const place = placeOf(file, line, column);
      if (place === undefined) return found;
      if (source === undefined && !libraryPath.test(place)) source = place;
      return place;
    });
    return source === undefined ? { stack: mapped } : { source, stack: mapped };
  };
}
