// Columns that a step names and that are not there: known when planning where the columns are, else told by the
// tasks that saw the rows of a function.

import type { ErrorRecord } from "../errors.ts";
import { absentColumnsToldMax, absentNamesToldMax } from "../limits.ts";
import { nearestWord } from "../words/nearest-word.ts";
import type { CounterValues } from "./bundle.ts";
import { columnText } from "./expr-text.ts";

/** Names that a message shows. */
const namesShownMax = 40;

/** What is said of a column that is not among those that there are. */
export function noColumn(name: string, names: readonly string[]): string {
  const near = nearestWord(name, names);
  const hint = near === undefined ? "." : `; did you mean ${columnText(near)}?`;
  const known = names.slice(0, namesShownMax).map(columnText).join(", ");
  return `there is no column ${columnText(name)}${hint} The columns are: ${known || "none"}`;
}

/** A column that a step reads of rows whose columns only the run tells. */
export interface ColumnNeed {
  /** As plans show it: `where#3`. */
  readonly step: string;
  /** As the step names it. */
  readonly column: string;
  /** As it is named among the rows that are watched: it may be renamed on the way to the step. */
  readonly name: string;
  /** Names of all nodes whose rows may have it, in order: it is enough that rows of one do. */
  readonly makers: readonly string[];
}

/**
 * What a task counts of the rows of one node: that there were some, columns that none of them had, and then the
 * columns that they had instead. How rows are cut into tasks makes no difference to the sums.
 */
export function watchedCounts(
  maker: string,
  absent: readonly ColumnNeed[],
  names: readonly string[],
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { [`${rowsOf}${maker}`]: 1 };
  if (absent.length === 0) return counts;
  for (const { makers, step, column } of absent.slice(0, absentColumnsToldMax)) {
    counts[absentPrefix + JSON.stringify([makers, step, column])] = 1;
  }
  for (const name of names.slice(0, absentNamesToldMax)) {
    counts[namePrefix + JSON.stringify([maker, name])] = 1;
  }
  return counts;
}

const rowsOf = "column rows:";
const absentPrefix = "column absent:";
const namePrefix = "column name:";

const isWatched = (name: string): boolean => name.startsWith("column ");

/** Counters of everything else: these have served once the action's rows are all made. */
export function withoutWatched(counters: CounterValues): CounterValues {
  return counters.some(([name]) => isWatched(name))
    ? counters.filter(([name]) => !isWatched(name))
    : counters;
}

/** A counter comes from another process: what does not say what it should counts for nothing. */
function said<Value>(counter: string, prefix: string): Value | undefined {
  if (!counter.startsWith(prefix)) return undefined;
  try {
    const value: unknown = JSON.parse(counter.slice(prefix.length));
    return Array.isArray(value) ? (value as Value) : undefined;
  } catch {
    return undefined;
  }
}

/** The failure of an action of whose rows, over all tasks, none had a column that a step names. */
export function absentColumn(counters: CounterValues): ErrorRecord | undefined {
  const counts = new Map(counters.filter(([name]) => isWatched(name)));
  for (const [counter, lacking] of counts) {
    const absent = said<[readonly string[], string, string]>(counter, absentPrefix);
    if (absent === undefined) continue;
    const [makers, step, column] = absent;
    const tasks = makers.map((maker) => counts.get(`${rowsOf}${maker}`) ?? 0);
    // Rows that were not made by this action, since they are kept, or that there are none of, may have had it.
    if (tasks.includes(0) || lacking < tasks.reduce((sum, own) => sum + own, 0)) continue;
    const names = [...counts.keys()].flatMap((name) => {
      const [maker = "", seen] = said<[string, string]>(name, namePrefix) ?? [];
      return seen !== undefined && makers.includes(maker) ? [seen] : [];
    });
    const message =
      `${step}: ${noColumn(column, [...new Set(names)])}. No row has it; where that may be, declare it ` +
      "nullable with .as(schema({ … }))";
    return { code: "PLAN_INVALID", message, details: { operator: step } };
  }
  return undefined;
}
