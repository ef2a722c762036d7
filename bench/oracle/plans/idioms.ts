// Steps that are often written together, and that the planner rewrites: chance alone would rarely put them so.

import type { Expr } from "../../../proto/plan/expr.ts";
import type { JoinKey, JoinType } from "../../../proto/plan/logical.ts";
import { type Schema, sameType } from "../../../proto/plan/types.ts";
import { RowSchema } from "../../../sdk/columns/schema.ts";
import { derive, nodeOf, step } from "../../../sdk/dataset/dataset-base.ts";
import { madeRow, madeSchema } from "./closure-steps.ts";
import { aggregateBy, limit, nodeStep, ranking, sortBy } from "./column-steps.ts";
import type { Dice } from "./dice.ts";
import { groupsOfJoin, joinOfRising, sidesOfOneKey } from "./join-idioms.ts";
import { exactSchema, type Input, type Rows, type StepMaker } from "./known.ts";
import { call, column, condition, whole } from "./random-expr.ts";
import { commonNames, joinStep, other } from "./two-input-steps.ts";

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

/** The first of numbered rows, or others by the numbers in the last column. */
const firstRanks: StepMaker = (input, dice) => {
  const number = column(input.known.schema.fields.at(-1)!.name);
  const bound = whole(dice.oneOf([1, 2, 3, 0]));
  const pairs = [
    ["le", "ge"],
    ["le", "ge"],
    ["lt", "gt"],
    ["eq", "eq"],
    ["ge", "le"],
  ] as const;
  const [name, flipped] = dice.oneOf(pairs);
  const first = dice.isRare(4) ? call(flipped, bound, number) : call(name, number, bound);
  const also = dice.isRare(4) ? condition(exactSchema(input.known), dice) : undefined;
  const predicate = also === undefined ? first : call("and", also, first);
  return nodeStep(input, { kind: "where", predicate }, {});
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

/** Joins by which rows that stream from the left side, or from the right one, may be left out before. */
const leftStreams: readonly JoinType[] = ["inner", "semi", "right"];
const rightStreams: readonly JoinType[] = ["inner", "semi", "left", "anti"];

/** A table in Parquet with something that has some of its keys, and is there before it is read. */
const joinOfScan: StepMaker = (input, dice, pool) => {
  const scans = pool.flatMap((known, place): Input[] =>
    known.isScan === true ? [{ place, known }] : [],
  );
  if (scans.length === 0) return undefined;
  const scan = dice.oneOf(scans);
  const wholes = commonNames(input.known, scan.known, true).filter((name) =>
    scan.known.schema.fields.some(
      (own) => own.name === name && ["int32", "int53", "int64"].includes(own.type.kind),
    ),
  );
  if (wholes.length === 0) return undefined;
  const names = dice.some(wholes).slice(0, 2);
  const on = names.map((name) => ({ left: column(name), right: column(name) }));
  const hasCondition = dice.isRare(4);
  if (dice.upTo(2) === 0) {
    const choice = {
      on,
      hasCondition,
      type: dice.oneOf(leftStreams),
      strategy: "broadcast",
    } as const;
    return joinStep(scan, input, choice, dice);
  }
  const type = dice.oneOf(rightStreams);
  return joinStep(input, scan, { on, hasCondition, type, strategy: "broadcastLeft" }, dice);
};

/** A key that is null in some rows more than its column. */
function keyWithNulls(name: string, schema: Schema, dice: Dice): Expr {
  if (dice.isRare(3)) return column(name);
  return { kind: "case", branches: [{ when: condition(schema, dice), result: column(name) }] };
}

/** What has no partner, where keys are missing on either side. */
const antiJoinOfNulls: StepMaker = (input, dice, pool) => {
  const right = other(dice, pool);
  const names = dice.some(commonNames(input.known, right.known, true)).slice(0, 2);
  if (names.length === 0) return undefined;
  const on = names.map(
    (name): JoinKey => ({
      left: keyWithNulls(name, exactSchema(input.known), dice),
      right: keyWithNulls(name, exactSchema(right.known), dice),
    }),
  );
  const type = dice.oneOf(["anti", "anti", "semi", "left"] as const);
  const strategy = dice.oneOf([undefined, "shuffle", "broadcast", "broadcastLeft"] as const);
  return joinStep(input, right, { type, on, hasCondition: dice.isRare(4), strategy }, dice);
};

/** Groups by a key of which each row group of a table has its own values. */
const groupsOfRising: StepMaker = (_, dice, pool) => {
  const tables = pool.flatMap((known, place): (Input & { readonly key: string })[] =>
    known.rising === undefined ? [] : [{ place, known, key: known.rising }],
  );
  if (tables.length === 0) return undefined;
  const table = dice.oneOf(tables);
  const others = exactSchema(table.known).fields.filter(({ name }) => name !== table.key);
  const more = dice.isRare(2) ? others.slice(0, 1) : [];
  const keys = [table.key, ...more.map(({ name }) => name)];
  return aggregateBy(
    table,
    keys.map((name) => ({ name, expr: column(name) })),
    dice,
  );
};

export const idioms: readonly { readonly weight: number; readonly make: StepMaker }[] = [
  { weight: 3, make: crossJoinWhere },
  { weight: 3, make: mapLimit },
  { weight: 3, make: inTurn(sortBy, limit) },
  { weight: 3, make: inTurn(ranking, firstRanks) },
  { weight: 4, make: joinOfScan },
  { weight: 3, make: antiJoinOfNulls },
  { weight: 6, make: groupsOfRising },
  { weight: 4, make: groupsOfJoin },
  { weight: 4, make: sidesOfOneKey },
  { weight: 6, make: joinOfRising },
];
