// Tables made by DuckDB from arithmetic on row numbers: the same rows whatever its version and threads.

import { withDuck } from "../judge/duck.ts";

/**
 * `mix(i, seed)`: 32 bits that look random (triple32's first rounds, Chris Wellons), as a whole number;
 * `below(i, seed, n)`: one from 0 up to n.
 */
const macros = [
  "create macro times(x, y) as ((x::ubigint * y::ubigint) % 4294967296)",
  "create macro round1(x) as times(xor(x, x >> 17), 3982152891)",
  "create macro round2(x) as times(xor(x, x >> 11), 2890668881)",
  "create macro round3(x) as times(xor(x, x >> 15), 830770091)",
  "create macro mixed(x) as round3(round2(round1(x)))",
  "create macro mix(i, seed) as mixed(xor(mixed(i::ubigint % 4294967296), seed::ubigint * 2654435761 % 4294967296))",
  "create macro below(i, seed, n) as floor(mix(i, seed)::double / 4294967296 * n)::bigint",
];

/** Writes the rows of a query, in which the macros may be used, to a file. */
export async function writeTable(path: string, query: string, format: string): Promise<void> {
  await withDuck(2, async (connection) => {
    for (const macro of macros) await connection.run(macro);
    await connection.run(`copy (${query}) to '${path}' (${format})`);
  });
}

/** As most tools write Parquet: Snappy, row groups of some hundred thousand rows. */
export const parquet = "format parquet, compression snappy, row_group_size 245760";
