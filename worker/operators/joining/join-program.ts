// What a join is told by its plan, and what follows from it for rows without a partner.

import type { Expr } from "../../../proto/plan/expr.ts";
import type { JoinType } from "../../../proto/plan/logical.ts";
import type { JoinBuild } from "../../../proto/plan/program.ts";
import type { Schema } from "../../../proto/plan/types.ts";
import type { JoinNames } from "./join-columns.ts";

export interface JoinProgram extends JoinNames {
  readonly type: JoinType;
  readonly condition?: Expr;
  readonly build: JoinBuild;
  readonly leftSchema?: Schema;
  readonly rightSchema?: Schema;
}

export const namesOf = (schema: Schema | undefined): readonly string[] =>
  schema?.fields.map(({ name }) => name) ?? [];

/** What becomes of rows without a partner, told from the side that streams. */
export interface Outer {
  readonly keepsProbe: boolean;
  readonly keepsKept: boolean;
}

export function outerOf({ type, build }: JoinProgram): Outer {
  const left = type === "left" || type === "full";
  const right = type === "right" || type === "full";
  return build.pipeline === "left"
    ? { keepsProbe: left, keepsKept: right }
    : { keepsProbe: right, keepsKept: left };
}
