// Cuts a table into pieces of its pages, or a table or query into ranges of a column.

import { EngineError, type SplitAdvice } from "millrace";
import type { Client } from "pg";
import { quoted } from "./connect.ts";
import { leavesOf, type Relation, type ServerColumn } from "./relation.ts";

/** Which rows of what belong to one task; all of it is SQL of ours but for the table's or the query's own text. */
export interface PostgresSplit {
  /** Behind `from`. */
  readonly from: string;
  /** A condition; empty for none. */
  readonly where: string;
}

/** Below it, starting a task weighs more than reading the pages. */
const pagesPerSplitMin = 512;

function pageRanges(
  { name, kind, blocks }: Relation,
  pagesPerSplit: number,
): readonly PostgresSplit[] {
  // Foreign tables have no pages of their own.
  if (kind !== "r" && kind !== "m") return [{ from: name, where: "" }];
  const pieces = Math.max(Math.ceil(blocks / pagesPerSplit), 1);
  return Array.from({ length: pieces }, (_, piece): PostgresSplit => {
    const first = Math.floor((blocks * piece) / pieces);
    const end = Math.floor((blocks * (piece + 1)) / pieces);
    // The table may grow meanwhile: the last range has no end.
    const until = piece === pieces - 1 ? "" : ` and ctid < '(${end},0)'::tid`;
    return { from: name, where: `ctid >= '(${first},0)'::tid${until}` };
  });
}

/** A view has no pages: it is one split unless it is split by a column. */
export async function splitByPages(
  client: Client,
  relation: Relation,
  { splitsAimed, splitsMax }: SplitAdvice,
): Promise<{ readonly splits: readonly PostgresSplit[]; readonly bytes: number }> {
  const { kind, name } = relation;
  const parts = kind === "p" ? await leavesOf(client, relation) : [relation];
  if (kind !== "p" && kind !== "r" && kind !== "m") {
    return { splits: [{ from: name, where: "" }], bytes: 0 };
  }
  const blocks = parts.reduce((sum, part) => sum + part.blocks, 0);
  const aimed = Math.ceil(blocks / splitsAimed);
  const pages = Math.max(aimed, pagesPerSplitMin, Math.ceil((2 * blocks) / splitsMax));
  return {
    splits: parts.flatMap((part) => pageRanges(part, pages)),
    bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
  };
}

interface Ends {
  readonly low: string | null;
  readonly high: string | null;
}

/** How a column that can be cut evenly counts: as SQL of its number, and of a number as its value. */
function counted(column: ServerColumn): {
  readonly number: string;
  readonly value: (number: bigint) => string;
} {
  const name = quoted(column.name);
  switch (column.server) {
    case "int2":
    case "int4":
    case "int8":
      return { number: `${name}::int8`, value: (n) => `${n}::int8` };
    case "date":
      return { number: `(${name} - date '1970-01-01')`, value: (n) => `date '1970-01-01' + ${n}` };
    case "timestamp":
    case "timestamptz":
      return {
        number: `floor(extract(epoch from ${name}))::int8`,
        value: (n) => `${column.server} 'epoch' + interval '1 second' * ${n}`,
      };
    default:
      throw new EngineError(
        "PLAN_INVALID",
        `the source cannot be split by ${column.name}: only by whole numbers, dates and timestamps`,
      );
  }
}

/** Even ranges between the least and the largest value; rows without one belong to the first. */
export async function splitByColumn(
  client: Client,
  from: string,
  column: ServerColumn,
  pieces: number,
): Promise<readonly PostgresSplit[]> {
  const { number, value } = counted(column);
  const name = quoted(column.name);
  const { rows } = await client.query<Ends>(
    `select min(${number})::text as low, max(${number})::text as high from ${from}`,
  );
  const { low = null, high = null } = rows[0] ?? {};
  if (low === null || high === null) return [{ from, where: "" }];
  const first = BigInt(low);
  const span = BigInt(high) - first + 1n;
  const count = span < BigInt(pieces) ? span : BigInt(pieces);
  const borderAt = (piece: bigint): string => value(first + (span * piece) / count);
  return Array.from({ length: Number(count) }, (_, index): PostgresSplit => {
    const piece = BigInt(index);
    const above = `${name} >= ${borderAt(piece)}`;
    const below = `${name} < ${borderAt(piece + 1n)}`;
    // What lies outside by now belongs to the ends.
    if (count === 1n) return { from, where: "" };
    if (piece === 0n) return { from, where: `(${below} or ${name} is null)` };
    return { from, where: piece === count - 1n ? above : `${above} and ${below}` };
  });
}
