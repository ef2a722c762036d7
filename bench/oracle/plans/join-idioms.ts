// Joins with groups or joins above them that the planner makes in another order: chance alone would rarely put them so.

import type { NamedAggregate } from "../../../proto/plan/expr.ts";
import type { JoinKey } from "../../../proto/plan/logical.ts";
import { isNumeric } from "../../../proto/plan/types.ts";
import { derive, nodeOf, step } from "../../../sdk/dataset/dataset-base.ts";
import { aggregateBy, nodeStep } from "./column-steps.ts";
import type { Dice } from "./dice.ts";
import {
  exactSchema,
  type Input,
  type Known,
  type Rows,
  type Step,
  type StepMaker,
} from "./known.ts";
import { column, condition } from "./random-expr.ts";
import { commonNames, joinStep, other } from "./two-input-steps.ts";

const pairsMax = 2000;

/** One step after another, which is put on what the first one made. */
function after(
  first: Step | undefined,
  pool: readonly Known[],
  next: (input: Input, pool: readonly Known[]) => Step | undefined,
): Step | undefined {
  if (first === undefined) return undefined;
  const second = next({ place: pool.length, known: first.known }, [...pool, first.known]);
  return (
    second && {
      ...second,
      text: `${first.text}, then ${second.text}`,
      apply: (made) => second.apply([...made, first.apply(made)]),
    }
  );
}

/** An inner join by columns of one name, of which all of the right side get a new one. */
function joinApart(
  left: Input,
  right: Input,
  names: readonly string[],
  ending: string,
): Step | undefined {
  const rowsMax = left.known.rowsMax * right.known.rowsMax;
  if (rowsMax > pairsMax || names.length === 0) return undefined;
  const rename = right.known.schema.fields.map(({ name }) => ({ from: name, to: name + ending }));
  const renamed = right.known.schema.fields.map((own) => ({ ...own, name: own.name + ending }));
  const fields = [...left.known.schema.fields, ...renamed];
  if (new Set(fields.map(({ name }) => name)).size < fields.length) return undefined;
  const inexact = [...left.known.inexact, ...[...right.known.inexact].map((name) => name + ending)];
  const on = names.map((name): JoinKey => ({ left: column(name), right: column(name + ending) }));
  return {
    text: `d${left.place} join d${right.place} with names that end in ${ending}, on ${names.join(", ")}`,
    known: { schema: { fields }, inexact: new Set(inexact), isOrdered: false, rowsMax },
    apply: (made) => {
      const own = made[left.place]!;
      const others: Rows = step(made[right.place]!, {
        kind: "alter",
        drop: [],
        rename,
        columns: [],
      });
      const sides = { left: nodeOf(own), right: nodeOf(others) };
      return derive(own, { kind: "join", type: "inner", on, rightNames: [], ...sides });
    },
  };
}

/** Of columns of a dataset, in ways that may be made of parts. */
function divisibleAggregate(name: string, known: Known, dice: Dice): NamedAggregate {
  const fields = exactSchema(known).fields.filter(({ type }) => isNumeric(type));
  const over = fields.length === 0 ? undefined : dice.oneOf(fields).name;
  const functions = over === undefined ? ["count"] : ["sum", "sum", "count", "min", "max"];
  const args = over === undefined ? [] : [column(over)];
  return { name, call: { function: dice.oneOf(functions), args, distinct: false } };
}

/** Groups by the key of a join, and by texts that come with it. */
export const groupsOfJoin: StepMaker = (input, dice, pool) => {
  const right = other(dice, pool);
  const names = commonNames(input.known, right.known, true);
  const texts = exactSchema(right.known).fields.filter(({ type }) => type.kind === "utf8");
  if (names.length === 0 || texts.length === 0) return undefined;
  const key = dice.oneOf(names);
  const [isTurned, isLeftKey] = [dice.upTo(2) === 1, dice.upTo(2) === 1];
  const joined = isTurned
    ? joinApart(right, input, [key], "q")
    : joinApart(input, right, [key], "q");
  const [own, others] = isTurned ? ["q", ""] : ["", "q"];
  const keys = [
    `${key}${isLeftKey ? own : others}`,
    ...dice.some(texts).map(({ name }) => name + others),
  ];
  const renamed: Known = {
    ...input.known,
    schema: {
      fields: input.known.schema.fields.map((each) => ({ ...each, name: each.name + own })),
    },
    inexact: new Set([...input.known.inexact].map((name) => name + own)),
  };
  const count = 1 + dice.upTo(2);
  const aggregates = Array.from({ length: count }, (_, at) =>
    divisibleAggregate(`a${at}`, renamed, dice),
  );
  const named = [...new Set(keys)].map((name) => ({ name, expr: column(name) }));
  return after(joined, pool, (rows) => aggregateBy(rows, named, dice, aggregates));
};

/** Some rows of a table, joined in any way to others of it by a key of which each row group has its own values. */
export const joinOfRising: StepMaker = (_, dice, pool) => {
  const tables = pool.flatMap((known, place): (Input & { readonly key: string })[] =>
    known.rising === undefined ? [] : [{ place, known, key: known.rising }],
  );
  if (tables.length === 0) return undefined;
  const table = dice.oneOf(tables);
  const predicate = condition(exactSchema(table.known), dice);
  const others = commonNames(table.known, table.known, true).filter((name) => name !== table.key);
  const names = [table.key, ...(dice.isRare(3) ? others.slice(0, 1) : [])];
  const on = names.map((name) => ({ left: column(name), right: column(name) }));
  const type = dice.oneOf(["inner", "left", "right", "full", "semi", "anti"] as const);
  const [hasCondition, isTurned] = [dice.isRare(3), dice.upTo(2) === 1];
  return after(nodeStep(table, { kind: "where", predicate }, {}), pool, (some) => {
    const [left, right] = isTurned ? [table, some] : [some, table];
    return joinStep(left, right, { type, on, hasCondition, strategy: undefined }, dice);
  });
};

/** A dataset joined by one key to few rows of another, and to a third. */
export const sidesOfOneKey: StepMaker = (input, dice, pool) => {
  const [few, many] = [other(dice, pool), other(dice, pool)];
  const names = commonNames(input.known, few.known, true).filter((name) =>
    commonNames(input.known, many.known, true).includes(name),
  );
  if (names.length === 0) return undefined;
  const key = dice.oneOf(names);
  const exact = exactSchema(few.known);
  const [first, second] = [condition(exact, dice), condition(exact, dice)];
  const predicate = { kind: "call", name: "and", args: [first, second] } as const;
  const also = dice.isRare(3) ? commonNames(input.known, many.known, true) : [];
  const left = nodeStep(few, { kind: "where", predicate }, {});
  return after(left, pool, (fewer, all) =>
    after(joinApart(input, fewer, [key], "q"), all, (joined) =>
      joinApart(joined, many, [...new Set([key, ...also.slice(0, 1)])], "qq"),
    ),
  );
};
