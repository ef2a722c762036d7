// What joins ask of the keys of rows, as a scan can ask it.

import type { ColumnTest } from "../../proto/formats/parquet/row-filter.ts";
import type { DataType, Field } from "../../proto/plan/types.ts";
import type { KeyTest } from "../operators/stage.ts";

/** Values of others are no whole numbers, or say for themselves what they are. */
const askedKinds: ReadonlySet<DataType["kind"]> = new Set(["int32", "int53", "int64"] as const);

/** Those of columns of the files, in their order: a join keeps the rows that none of them leaves out. */
export function testsOfKeys(
  tests: readonly KeyTest[],
  fields: readonly Field[],
): readonly ColumnTest[] {
  return tests.flatMap((test): ColumnTest[] => {
    const field = fields.find(({ name }) => name === test.column);
    if (field === undefined || !askedKinds.has(field.type.kind)) return [];
    const run: ColumnTest["run"] = (column) =>
      test.run(column) ?? new Uint8Array(column.length).fill(1);
    return [{ field, run, mayStop: true }];
  });
}
