// Steps that are often written together, and that the planner rewrites: chance alone would rarely put them so.

import type { Expr } from "../../../proto/plan/expr.ts";
import { int32Type, sameType } from "../../../proto/plan/types.ts";
import { RowSchema } from "../../../sdk/columns/schema.ts";
import { derive, nodeOf, step } from "../../../sdk/dataset/dataset-base.ts";
import { madeRow, madeSchema } from "./closure-steps.ts";
import { limit, nodeStep, ranking, sortBy } from "./column-steps.ts";
import { exactSchema, type Rows, type StepMaker } from "./known.ts";
import { call, column, condition } from "./random-expr.ts";

const pairsMax = 2000;

/** `from a, b where a.x = b.x and …` */
const crossJoinWhere: StepMaker = (input, dice, pool) => {
  const place = dice.upTo(pool.length);
  const other = pool[place]!;
  const { known } = input;
  if (known.rowsMax * other.rowsMax > pairsMax) return undefined;
  const taken = known.schema.fields.map(({ name }) => name);
  const newName = (name: string): string => {
    let free = name;
    while (taken.includes(free)) free += "q";
    return free;
  };
  const common = exactSchema(known).fields.filter((own) =>
    exactSchema(other).fields.some((f) => f.name === own.name && sameType(f.type, own.type)),
  );
  const renamed = other.schema.fields.map((own) => ({ ...own, name: newName(own.name) }));
  if (common.length === 0 || new Set(renamed.map(({ name }) => name)).size < renamed.length) {
    return undefined;
  }
  const fields = [...known.schema.fields, ...renamed];
  const { name } = dice.oneOf(common);
  const equal = call("eq", column(name), column(newName(name)));
  const inexact = new Set([...known.inexact, ...[...other.inexact].map(newName)]);
  const exact = { fields: fields.filter((own) => !inexact.has(own.name)) };
  const predicate: Expr = dice.upTo(2) === 0 ? equal : call("and", condition(exact, dice), equal);
  const rename = other.schema.fields
    .filter((own) => taken.includes(own.name))
    .map((own) => ({ from: own.name, to: newName(own.name) }));
  return {
    text: `d${input.place} cross join d${place}, where ${name} equal on both sides (${JSON.stringify(predicate)})`,
    known: {
      schema: { fields },
      inexact,
      isOrdered: false,
      rowsMax: known.rowsMax * other.rowsMax,
    },
    apply: (made) => {
      const left = made[input.place]!;
      const right: Rows = step(made[place]!, { kind: "alter", drop: [], rename, columns: [] });
      const sides = { left: nodeOf(left), right: nodeOf(right) };
      const cross = { kind: "join", type: "cross", on: [], rightNames: [] } as const;
      const joined: Rows = derive(left, { ...cross, ...sides });
      return step(joined, { kind: "where", predicate });
    },
  };
};

const typed = (rows: Rows): Rows => rows.as(new RowSchema<unknown>(madeSchema.fields));

/** The first rows of those that a function made. */
const mapLimit: StepMaker = (input, dice) => {
  const { known } = input;
  if (!known.isOrdered || known.inexact.size > 0) return undefined;
  const [first, second] = [1 + dice.upTo(9), dice.upTo(6)];
  const isTwice = dice.upTo(2) === 1;
  return {
    text: `d${input.place} map to a record, limit ${first}${isTwice ? `, limit ${second}` : ""}`,
    known: { ...known, schema: madeSchema, rowsMax: Math.min(known.rowsMax, first) },
    apply: (pool) => {
      const some = pool[input.place]!.map(madeRow).limit(first);
      return typed(isTwice ? some.limit(second) : some);
    },
  };
};

/** Rows with small numbers in the last column. */
const firstRanks: StepMaker = (input, dice) => {
  const { name } = input.known.schema.fields.at(-1)!;
  const most: Expr = { kind: "literal", type: int32Type, text: String(1 + dice.upTo(3)) };
  return nodeStep(input, { kind: "where", predicate: call("le", column(name), most) }, {});
};

/** One step right after another. */
function inTurn(first: StepMaker, second: StepMaker): StepMaker {
  return (input, dice, pool) => {
    const one = first(input, dice, pool);
    if (one === undefined) return undefined;
    const two = second({ place: pool.length, known: one.known }, dice, [...pool, one.known]);
    return (
      two && {
        ...two,
        text: `${one.text}, then ${two.text}`,
        apply: (made) => two.apply([...made, one.apply(made)]),
      }
    );
  };
}

export const idioms: readonly { readonly weight: number; readonly make: StepMaker }[] = [
  { weight: 3, make: crossJoinWhere },
  { weight: 3, make: mapLimit },
  { weight: 3, make: inTurn(sortBy, limit) },
  { weight: 3, make: inTurn(ranking, firstRanks) },
];
