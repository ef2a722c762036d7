// Whether rewrite rules keep the rows of a plan: each alone, and all together, judged by plain loops alone.

import type { LogicalNode } from "../../../proto/plan/logical.ts";
import { KnownSchemas } from "../../../sdk/planner/known-schemas.ts";
import { allRules, optimize } from "../../../sdk/planner/optimize.ts";
import { settleAlters } from "../../../sdk/planner/settle-alters.ts";
import type { Rule } from "../../../sdk/rules/rule.ts";
import { evaluateAsync } from "../../../sdk/testing/evaluate.ts";
import { rowsOf } from "../../../sdk/testing/steps/table.ts";
import { judged } from "./check-program.ts";
import type { Program } from "./random-program.ts";
import { answered, planOf, wanted } from "./run-program.ts";

export interface RuleCheck {
  /** Names of the rules that changed the plan. */
  readonly applied: readonly string[];
  /** What differs, by the rules that did it. */
  readonly differences: readonly string[];
}

const choices: readonly (readonly [name: string, rules: readonly Rule[]])[] = [
  ...allRules.map((rule) => [rule.name, [rule]] as const),
  ["all rules", allRules],
];

export async function checkRules(program: Program): Promise<RuleCheck> {
  const planned = planOf(program);
  const expected = await wanted(planned);
  const kind = program.isCount ? "count" : "collect";
  const input = settleAlters(planned.action.input, new KnownSchemas(new Map()));
  const applied: string[] = [];
  const differences: string[] = [];
  for (const [name, rules] of choices) {
    const rewritten: LogicalNode = optimize({ kind, input }, { rules }).input;
    if (rewritten === input) continue;
    applied.push(name);
    const rows = await answered(async () => {
      const own = rowsOf(await evaluateAsync(rewritten, planned.inputs));
      return program.isCount ? [own.length] : own;
    });
    const verdict = judged(program, rows, expected);
    if (verdict.kind === "differs") differences.push(`${name}: ${verdict.how}`);
  }
  return { applied, differences };
}
