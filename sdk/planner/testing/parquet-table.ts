// Tables of Parquet for tests of plans.

import type { DataType } from "../../../proto/plan/types.ts";

/** Reads all columns of the table, each of which may hold nulls. */
export function parquetTable(
  id: number,
  name: string,
  columns: Readonly<Record<string, DataType>>,
) {
  const fields = Object.entries(columns).map(([own, type]) => ({
    name: own,
    type,
    nullable: true,
  }));
  const options = { schema: { fields } };
  return { kind: "readColumns", id, format: "parquet", pattern: name, options } as const;
}
