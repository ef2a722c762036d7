// PageRank on one thread: links in two typed arrays, ranks in two more.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Baselines } from "../baseline-types.ts";

interface Graph {
  readonly pages: readonly number[];
  readonly sources: Int32Array;
  readonly targets: Int32Array;
}

function readGraph(input: string): Graph {
  const numbers = readFileSync(input, "latin1")
    .split(/\s+/)
    .filter((text) => text !== "");
  const places = new Map<number, number>();
  const placeOf = (text: string): number => {
    const page = Number(text);
    const known = places.get(page);
    if (known !== undefined) return known;
    places.set(page, places.size);
    return places.size - 1;
  };
  const links = Math.floor(numbers.length / 2);
  const sources = new Int32Array(links);
  const targets = new Int32Array(links);
  for (let link = 0; link < links; link++) {
    sources[link] = placeOf(numbers[2 * link]!);
    targets[link] = placeOf(numbers[2 * link + 1]!);
  }
  return { pages: [...places.keys()], sources, targets };
}

function rank({ pages, sources, targets }: Graph, rounds: number, damping: number): Float64Array {
  const degrees = new Float64Array(pages.length);
  for (const source of sources) degrees[source]!++;
  let ranks = new Float64Array(pages.length).fill(1 / pages.length);
  for (let round = 0; round < rounds; round++) {
    const received = new Float64Array(pages.length);
    let given = 0;
    for (let link = 0; link < sources.length; link++) {
      const source = sources[link]!;
      const share = ranks[source]! / degrees[source]!;
      received[targets[link]!]! += share;
      given += share;
    }
    const base = (1 - damping * given) / pages.length;
    ranks = received.map((value) => base + damping * value);
  }
  return ranks;
}

export const graphBaselines: Baselines = {
  rank: ({ input, roundsMax, damping }, output) => {
    const graph = readGraph(String(input));
    const ranks = rank(graph, Number(roundsMax), Number(damping));
    const order = graph.pages.map((_, place) => place).sort((a, b) => ranks[b]! - ranks[a]!);
    const lines = order.map((place) =>
      JSON.stringify({ page: String(graph.pages[place]), rank: ranks[place] }),
    );
    mkdirSync(output, { recursive: true });
    writeFileSync(join(output, "ranks.ndjson"), `${lines.join("\n")}\n`);
  },
};
