// DuckDB as the judge of files: writes what we read, reads what we wrote.

import { DuckDBInstance } from "@duckdb/node-api";

/** Runs statements in one database in memory; answers the rows of the last as JSON values. */
export async function duck(...statements: readonly string[]): Promise<readonly unknown[]> {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  try {
    let rows: readonly unknown[] = [];
    for (const statement of statements) {
      const reader = await connection.runAndReadAll(statement);
      rows = reader.getRowObjectsJson();
    }
    return rows;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Columns of many types and shapes, as SQL: nulls, nesting, unicode, numbers beyond 2^53. */
export const manyTypes = `
  select
    i::integer as whole,
    (case when i % 7 = 0 then null else i * 823456 - 2000000000 end)::integer as int32,
    (case when i % 5 = 0 then null else i * 1844674407370955 - 4611686018427387904 end)::bigint as int64,
    (case when i % 11 = 0 then null else i / 4 end)::double as float64,
    (i * 0.5)::float as float32,
    (case when i % 3 = 0 then null else i % 2 = 0 end) as flag,
    (case when i % 13 = 0 then null else ['', 'a', 'héllo', '日本語', '😀', repeat('x', 60)][i % 6 + 1] end) as word,
    'row/' || i || '/' || hash(i) as unique_text,
    (case when i % 4 = 0 then null else encode('b' || i) end) as bytes,
    date '1960-01-01' + i::integer as day,
    timestamp '1969-12-31 23:59:59.999999' + to_microseconds(i * 1234567::bigint) as clock,
    (timestamp '2001-02-03 04:05:06.789' + to_hours(i))::timestamptz as instant,
    (i * 1.25 - 100)::decimal(9, 2) as small_decimal,
    (i * 12345.6789)::decimal(18, 4) as medium_decimal,
    (i::hugeint * 123456789012345678)::decimal(38, 6) as large_decimal,
    (case when i % 6 = 0 then null else [x for x in range(i % 4)] end) as numbers,
    (case when i % 9 = 0 then null else [['a', null], [], ['b' || i]] end) as texts_of_texts,
    (case when i % 8 = 0 then null else {'a': i, 'b': {'c': 'x' || (i % 10), 'd': [1.5::double]}} end) as nested,
    map(['k' || (i % 3)], [i::integer]) as entries,
    null::integer as nothing
  from range(5000) as t(i)`;

/** The same columns as JSON says them; `entries`: how those of the map are spelt, where it is one. */
export function plainRows(from: string, entries = "map_entries(entries)"): string {
  return `
    select * replace (
      hex(bytes) as bytes,
      datediff('day', date '1970-01-01', day)::integer as day,
      epoch_us(clock)::varchar as clock,
      epoch_us(instant)::varchar as instant,
      ${entries} as entries
    )
    from ${from} order by whole`;
}
