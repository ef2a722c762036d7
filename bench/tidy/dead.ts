// Files that nothing reaches: no entry point, no test, no tool.
import { posix } from "node:path";
import ts from "typescript";
import { importsOf, resolveLocal } from "./imports.ts";
import { eachNode, isScript, type Source, type Violation } from "./source.ts";

/** Files that the source names: its imports, and paths it hands to a process, a pool or a tool. */
function mentions(source: Source): string[] {
  const found = importsOf(source)
    .map(({ specifier }) => resolveLocal(source.path, specifier))
    .filter((path) => path !== undefined);
  eachNode(source, (node) => {
    if (!ts.isStringLiteralLike(node) || !/\.(ts|mjs)$/.test(node.text)) return;
    found.push(posix.normalize(posix.join(posix.dirname(source.path), node.text)));
  });
  return found;
}

function isStart(path: string): boolean {
  return (
    path.endsWith(".test.ts") ||
    isScript(path) ||
    path.endsWith(".config.ts") ||
    /^jobs\/.*\/job\.ts$/.test(path)
  );
}

/** Starts from entry points, tests and scripts, and reports what is never arrived at. */
export function checkDead(sources: readonly Source[], entryPoints: readonly string[]): Violation[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const reached = new Set<string>();
  const waiting = [...entryPoints, ...[...byPath.keys()].filter(isStart)];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const source = byPath.get(path);
    if (source === undefined || reached.has(path)) continue;
    reached.add(path);
    waiting.push(...mentions(source));
  }
  return [...byPath.keys()]
    .filter((path) => !reached.has(path))
    .map((path) => ({ rule: "dead", path, line: 1, message: "nothing reaches this file" }));
}
