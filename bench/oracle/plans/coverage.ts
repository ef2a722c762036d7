// What random programs were made of: steps, functions, aggregates, kinds of files, and ways through the engine.
// A long run reports it.

import { planNodes } from "../../../proto/plan/inputs.ts";
import type { LogicalNode } from "../../../proto/plan/logical.ts";
import type { Planned } from "./run-program.ts";
import { type Way, ways } from "./ways.ts";

export interface Coverage {
  readonly steps: Map<string, number>;
  readonly functions: Map<string, number>;
  readonly aggregates: Map<string, number>;
  readonly files: Map<string, number>;
  readonly ways: Map<string, number>;
}

export function noCoverage(): Coverage {
  const none = () => new Map<string, number>();
  return {
    steps: none(),
    functions: none(),
    aggregates: none(),
    files: none(),
    ways: new Map(ways.map((way) => [way, 0])),
  };
}

function count(counts: Map<string, number>, names: Iterable<string>): void {
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Joins by their type, files by their format: there each is an operator of its own. */
function nameOf(node: LogicalNode): string {
  if (node.kind === "join") return `join ${node.type}`;
  return node.kind === "readColumns" ? `read ${node.format}` : node.kind;
}

interface Named {
  readonly kind?: unknown;
  readonly name?: unknown;
  readonly function?: unknown;
}

/** Adds one program; each name counts once for it. */
export function cover(
  coverage: Coverage,
  { action, program }: Planned,
  taken: ReadonlySet<Way>,
): void {
  const nodes = planNodes(action.input);
  const functions = new Set<string>();
  const aggregates = new Set<string>();
  for (const node of nodes) {
    // Expressions of a node, and not those of the nodes below.
    const own = { ...node, input: undefined, left: undefined, right: undefined, inputs: undefined };
    JSON.stringify(own, (_, value: unknown) => {
      const part = (typeof value === "object" && value !== null ? value : {}) as Named;
      if (part.kind === "call") functions.add(String(part.name));
      if (part.kind === "cast" || part.kind === "case") functions.add(part.kind);
      if (typeof part.function === "string") aggregates.add(part.function);
      return value;
    });
  }
  count(coverage.steps, new Set(nodes.map(nameOf)));
  count(coverage.functions, functions);
  count(coverage.aggregates, aggregates);
  count(coverage.files, new Set(program.kinds));
  count(coverage.ways, taken);
}

const inOrder = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .sort(([a, left], [b, right]) => right - left || (a < b ? -1 : 1))
    .map(([name, programs]) => `${name} ${programs}`)
    .join(", ");

/** With the number of programs that each was part of. */
export function coverageText(coverage: Coverage): string {
  const { steps, functions, aggregates, files } = coverage;
  return [
    `steps: ${inOrder(steps)}`,
    `functions: ${inOrder(functions)}`,
    `aggregates and windows: ${inOrder(aggregates)}`,
    `inputs and outputs: ${inOrder(files)}`,
    `ways: ${inOrder(coverage.ways)}`,
  ].join("\n");
}
