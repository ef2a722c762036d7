// Where the time of a profile went: by folder of our sources, and by function.

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface Node {
  readonly id: number;
  readonly callFrame: CallFrame;
}

export interface CpuProfile {
  readonly nodes: readonly Node[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Share {
  readonly what: string;
  readonly ms: number;
}

export interface Breakdown {
  /** All but idle. */
  readonly busyMs: number;
  readonly folders: readonly Share[];
  readonly functions: readonly Share[];
}

const maps = new Map<string, TraceMap | undefined>();

function mapOf(url: string): TraceMap | undefined {
  if (!maps.has(url)) {
    const path = url.startsWith("file:") ? `${fileURLToPath(url)}.map` : "";
    const text = path !== "" && existsSync(path) ? readFileSync(path, "utf8") : undefined;
    maps.set(url, text === undefined ? undefined : new TraceMap(text));
  }
  return maps.get(url);
}

/** Doing nothing, and what the profiler itself does to be stopped. */
const notWork = new Set(["(idle)", "dispatch"]);

/** The source of a function, from the project's folder; Node's own and the engine's as what they are. */
function placeOf({ functionName, url, lineNumber, columnNumber }: CallFrame): string {
  // Calls of the system and the like have a name and no place.
  if (url === "") return functionName.startsWith("(") ? functionName : `(native ${functionName})`;
  if (url.startsWith("node:")) return "(node)";
  if (url.startsWith("wasm:")) return "(WebAssembly)";
  const map = mapOf(url);
  if (map === undefined) return url.includes("millrace-job") ? "(job)" : "(other)";
  const found = originalPositionFor(map, { line: lineNumber + 1, column: columnNumber });
  return (found.source ?? "(other)").replace(/^(\.\.\/)+/, "");
}

function folderOf(place: string): string {
  const packaged = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(place)?.[1];
  if (packaged !== undefined) return `package ${packaged}`;
  return place.includes("/") ? place.split("/").slice(0, -1).join("/") : place;
}

function sorted(sums: ReadonlyMap<string, number>): Share[] {
  return [...sums].map(([what, ms]) => ({ what, ms })).sort((a, b) => b.ms - a.ms);
}

/** Time of samples goes to the function that ran, not to its callers. */
export function breakdownOf({ nodes, samples, timeDeltas }: CpuProfile): Breakdown {
  const times = new Map<number, number>();
  for (const [at, id] of samples.entries()) {
    times.set(id, (times.get(id) ?? 0) + (timeDeltas[at] ?? 0) / 1000);
  }
  const folders = new Map<string, number>();
  const functions = new Map<string, number>();
  let busyMs = 0;
  for (const { id, callFrame } of nodes) {
    const ms = times.get(id) ?? 0;
    const { functionName, url } = callFrame;
    if (ms === 0 || (url === "" && notWork.has(functionName))) continue;
    const place = placeOf(callFrame);
    const name = place.startsWith("(")
      ? place
      : `${callFrame.functionName || "(anonymous)"} ${place}`;
    busyMs += ms;
    folders.set(folderOf(place), (folders.get(folderOf(place)) ?? 0) + ms);
    functions.set(name, (functions.get(name) ?? 0) + ms);
  }
  return { busyMs, folders: sorted(folders), functions: sorted(functions) };
}
