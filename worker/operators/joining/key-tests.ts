// What a join tells the steps before it of rows that nothing comes of, so that a scan leaves them out before it makes
// their other columns. Only of rows that stream: the kept side is there first.
//
// A row without a partner may go where it would neither come out by itself nor say something of a kept row: in inner
// and semi joins, in outer joins that keep the other side's rows, and in an anti join of which the left side is kept.
// What later joins ask of a column that comes out of this one is asked of the column that it was made of, where each
// row of the result has a row that streams, and no kept row comes out because that one is absent.

import type { Column } from "../../../proto/batch/column.ts";
import type { KeyTest } from "../stage.ts";
import type { BuiltSide } from "./built-side.ts";
import { type JoinProgram, namesOf, outerOf } from "./join-program.ts";

const isFound = ({ type }: JoinProgram): boolean => type === "semi" || type === "anti";

/** Whether a row that streams is of no use without a partner. */
function dropsUnmatched(program: JoinProgram): boolean {
  const isAntiOfRows = program.type === "anti" && program.build.pipeline === "left";
  return !outerOf(program).keepsProbe && !isAntiOfRows;
}

/** Whether all that comes of a row that streams has the values of its columns, and nothing comes of its absence. */
function handsOn(program: JoinProgram): boolean {
  const comesOut = !isFound(program) || program.build.pipeline === "left";
  return comesOut && !outerOf(program).keepsKept;
}

/** The column of the side that streams from which a column of the result is taken; undefined where it is of the other. */
function streamingName(program: JoinProgram, name: string): string | undefined {
  const { build, leftSchema, rightSchema, rightNames } = program;
  const isLeft = namesOf(leftSchema).includes(name);
  if (build.pipeline === "left") return isLeft ? name : undefined;
  if (isLeft || leftSchema === undefined) return undefined;
  const from = rightNames.find(({ to }) => to === name)?.from ?? name;
  return namesOf(rightSchema).includes(from) ? from : undefined;
}

/** `built`: the kept side once all of it is there; undefined where memory did not hold it. */
export function joinKeyTests(
  program: JoinProgram,
  later: readonly KeyTest[],
  built: () => BuiltSide | undefined,
): readonly KeyTest[] {
  const { on, build } = program;
  const run = (at: number) => (column: Column) => {
    const side = built();
    if (side === undefined) return undefined;
    return side.rows === undefined ? new Uint8Array(column.length) : side.keyBits[at]!.find(column);
  };
  const own = on.flatMap((key, at): KeyTest[] => {
    const expr = key[build.pipeline];
    return expr.kind === "column" ? [{ column: expr.name, run: run(at) }] : [];
  });
  const passed = later.flatMap((test): KeyTest[] => {
    const column = streamingName(program, test.column);
    return column === undefined ? [] : [{ ...test, column }];
  });
  return [...(dropsUnmatched(program) ? own : []), ...(handsOn(program) ? passed : [])];
}
