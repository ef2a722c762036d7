// `npm run oracle -- --plans 20000 --seed 7`: many random programs, one after the other, and a report.

import fc from "fast-check";
import { spoilGivenBack } from "../../proto/batch/given-back.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";
import { readOptions, wholeNumber } from "../tooling/command-line.ts";
import { check, type Verdict } from "./plans/check-program.ts";
import { cover, coverageText, noCoverage } from "./plans/coverage.ts";
import { type Drawn, drawnPrograms, programOf } from "./plans/random-program.ts";
import { checkRules } from "./plans/rule-check.ts";
import { foundBytes, planOf } from "./plans/run-program.ts";
import { waysOf } from "./plans/ways.ts";

/** Programs drawn at once: bounds what is held. */
const drawnAtOnce = 500;

/** What is wrong with a program, or undefined; every tenth is checked on one worker and rule by rule too. */
async function problemOf(
  drawn: Drawn,
  isThorough: boolean,
  onGraph: (graph: StageGraph) => void = () => undefined,
): Promise<Verdict> {
  const program = programOf(drawn);
  const verdict = await check(program, { workers: 3, onGraph });
  if (verdict.kind === "differs" || !isThorough) return verdict;
  const planned = planOf(program);
  const bytes = [1, 3].map((workers) => foundBytes(planned, { workers }));
  const [one, three] = await Promise.all(bytes);
  if (JSON.stringify(one) !== JSON.stringify(three)) {
    return { kind: "differs", how: "one worker answers other bytes than three" };
  }
  const [difference] = (await checkRules(program)).differences;
  return difference === undefined ? verdict : { kind: "differs", how: `rule ${difference}` };
}

/** The list without one of its items, for each of them. */
function shorter<T>(items: readonly T[]): readonly (readonly T[])[] {
  return items.map((_, at) => items.filter((_item, other) => other !== at)).reverse();
}

function* smaller(drawn: Drawn): Iterable<Drawn> {
  for (const steps of shorter(drawn.steps)) yield { ...drawn, steps };
  for (const [at, table] of drawn.tables.entries()) {
    const withFiles = (files: Drawn["tables"][number]["files"]): Drawn => ({
      ...drawn,
      tables: drawn.tables.map((own, other) => (other === at ? { ...table, files } : own)),
    });
    if (table.files.length > 1) yield* shorter(table.files).map(withFiles);
    for (const [place, rows] of table.files.entries()) {
      for (const fewer of shorter(rows)) {
        yield withFiles(table.files.map((own, other) => (other === place ? fewer : own)));
      }
    }
  }
}

/** Tries smaller programs until none is still wrong. */
async function shrunk(drawn: Drawn): Promise<Drawn> {
  for (const candidate of smaller(drawn)) {
    if ((await problemOf(candidate, true)).kind === "differs") return shrunk(candidate);
  }
  return drawn;
}

const usage = `Usage: npm run oracle -- [--plans 2000] [--seed 1]

Runs so many random programs on the engine and by plain evaluation, and compares their answers.
The same seed draws the same programs. Exits with 1 when one answers something else.`;

const values = readOptions(usage, {
  plans: { type: "string", default: "2000" },
  seed: { type: "string", default: "1" },
});
const plans = wholeNumber("plans", values.plans);
const seed = wholeNumber("seed", values.seed, 0);
const coverage = noCoverage();
// Whoever still reads memory that was given back answers nonsense.
spoilGivenBack(true);
const counts = { agree: 0, rows: 0, empty: 0, failAlike: 0, differ: 0 };
for (let first = 0; first < plans; first += drawnAtOnce) {
  const numRuns = Math.min(drawnAtOnce, plans - first);
  const programs = fc.sample(drawnPrograms, { seed: seed + first, numRuns });
  for (const [at, drawn] of programs.entries()) {
    const graphs: StageGraph[] = [];
    const verdict = await problemOf(drawn, at % 10 === 0, (graph) => void graphs.push(graph));
    const planned = planOf(programOf(drawn));
    cover(coverage, planned, await waysOf(planned, graphs));
    if (verdict.kind === "agrees") {
      counts.agree++;
      counts.rows += verdict.rows;
      if (verdict.rows === 0) counts.empty++;
    } else if (verdict.kind === "failed") counts.failAlike++;
    else {
      counts.differ++;
      const small = await shrunk(drawn);
      const again = await problemOf(small, true);
      const how = again.kind === "differs" ? again.how : verdict.how;
      console.log(`program ${first + at} differs:\n${programOf(small).text}\n${how}\n`);
    }
  }
  console.error(`${first + numRuns} of ${plans} programs, ${counts.differ} differ`);
}
console.log(
  `seed ${seed}: ${plans} programs. ${counts.agree} agree (${counts.rows} rows; ${counts.empty} answer none), ` +
    `${counts.failAlike} fail at a value, ${counts.differ} differ.`,
);
console.log(coverageText(coverage));
process.exitCode = counts.differ === 0 ? 0 : 1;
