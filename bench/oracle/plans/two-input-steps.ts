// Random joins, unions and sets over two datasets of the pool, which may be the same one.

import type { Expr } from "../../../proto/plan/expr.ts";
import type { ColumnRename, JoinKey, JoinType, LogicalNode } from "../../../proto/plan/logical.ts";
import { nodeText } from "../../../proto/plan/node-text.ts";
import { type Field, int32Type, type Schema, sameType } from "../../../proto/plan/types.ts";
import { derive, type NodeDraft, nodeOf, step } from "../../../sdk/dataset/dataset-base.ts";
import type { Dice } from "./dice.ts";
import {
  exactSchema,
  type Input,
  type Known,
  type Rows,
  type Step,
  type StepMaker,
} from "./known.ts";
import { column, condition, exprOf } from "./random-expr.ts";

const pairsMax = 4000;

export function other(dice: Dice, pool: readonly Known[]): Input {
  const place = dice.upTo(pool.length);
  return { place, known: pool[place]! };
}

/** Only some columns of a dataset, in this order. */
function narrowed(rows: Rows, names: readonly string[]): Rows {
  const columns = names.map((name) => ({ name, expr: column(name) }));
  return step(rows, { kind: "select", columns });
}

type JoinDraft = Omit<Extract<LogicalNode, { kind: "join" }>, "id" | "left" | "right">;

/** How two datasets are joined, but for the names that this gives their columns. */
export interface JoinChoice {
  readonly type: JoinType;
  readonly on: readonly JoinKey[];
  /** Whether something else has to hold as well. */
  readonly hasCondition: boolean;
  readonly strategy: JoinDraft["strategy"];
}

function joinKeys(left: Schema, right: Schema, dice: Dice): readonly JoinKey[] {
  const common = left.fields.filter((own) =>
    right.fields.some(({ name, type }) => name === own.name && sameType(type, own.type)),
  );
  if (common.length > 0 && !dice.isRare(4)) {
    return dice
      .some(common)
      .slice(0, 2)
      .map(({ name }) => ({ left: column(name), right: column(name) }));
  }
  return [{ left: exprOf(int32Type, left, dice, 1), right: exprOf(int32Type, right, dice, 1) }];
}

const isShared = ({ left, right }: JoinKey): boolean =>
  left.kind === "column" && right.kind === "column" && left.name === right.name;

const joinTypes: readonly JoinType[] = ["inner", "left", "right", "full", "semi", "anti", "cross"];

const join: StepMaker = (input, dice, pool) => {
  const right = other(dice, pool);
  const type = dice.oneOf(joinTypes);
  const isKeyless = type === "cross" || dice.isRare(8);
  const exact = [exactSchema(input.known), exactSchema(right.known)] as const;
  const on = isKeyless ? [] : joinKeys(...exact, dice);
  const hasCondition = isKeyless ? type !== "cross" : dice.isRare(3);
  const strategy = dice.oneOf([undefined, "shuffle", "broadcast", "broadcastLeft"] as const);
  return joinStep(input, right, { type, on, hasCondition, strategy }, dice);
};

export function joinStep(
  input: Input,
  right: Input,
  { type, on, hasCondition, strategy }: JoinChoice,
  dice: Dice,
): Step | undefined {
  const { known } = input;
  if (known.rowsMax * right.known.rowsMax > pairsMax) return undefined;
  const shared = on.filter(isShared).map(({ left }) => (left as { readonly name: string }).name);
  const own = right.known.schema.fields.filter(({ name }) => !shared.includes(name));
  const taken = known.schema.fields.map(({ name }) => name);
  const clashes = own.filter(({ name }) => taken.includes(name));
  // Each join adds a letter: `k`, `kr`, `krr`.
  const rightNames: ColumnRename[] = [];
  for (const { name } of clashes) {
    const to = freeName(name, [...taken, ...rightNames.map((made) => made.to)], own);
    rightNames.push({ from: name, to });
  }
  const newName = (name: string) => rightNames.find(({ from }) => from === name)?.to ?? name;
  const rightFields: Field[] = own.map((field) => ({ ...field, name: newName(field.name) }));
  const both = { fields: [...known.schema.fields, ...rightFields] };
  const inexact = new Set([...known.inexact, ...[...right.known.inexact].map(newName)]);
  const predicate: Expr | undefined = hasCondition
    ? condition({ fields: both.fields.filter(({ name }) => !inexact.has(name)) }, dice)
    : undefined;
  const isLeftOnly = type === "semi" || type === "anti";
  const draft: JoinDraft = {
    kind: "join",
    type,
    on,
    rightNames,
    ...(predicate === undefined ? {} : { condition: predicate }),
    ...(strategy === undefined ? {} : { strategy }),
  };
  const result: Known = {
    schema: isLeftOnly ? known.schema : both,
    inexact: isLeftOnly ? known.inexact : inexact,
    isOrdered: false,
    rowsMax: isLeftOnly
      ? known.rowsMax
      : known.rowsMax * right.known.rowsMax + known.rowsMax + right.known.rowsMax,
  };
  const left = input.place;
  return {
    text: `d${left} with d${right.place} ${shownNode(draft)}`,
    known: result,
    apply: (made) => {
      const sides = { left: nodeOf(made[left]!), right: nodeOf(made[right.place]!) };
      return derive(made[left]!, { ...draft, ...sides } as NodeDraft);
    },
  };
}

function shownNode(draft: object): string {
  return nodeText({ ...draft, id: 0 } as LogicalNode).replace("#0", "");
}

function freeName(name: string, taken: readonly string[], own: readonly Field[]): string {
  let free = `${name}r`;
  while (taken.includes(free) || own.some((field) => field.name === free)) free += "r";
  return free;
}

/** Names of columns that both have, with one type. */
export function commonNames(left: Known, right: Known, isExact: boolean): readonly string[] {
  const schemas = isExact ? [exactSchema(left), exactSchema(right)] : [left.schema, right.schema];
  return schemas[0]!.fields
    .filter((own) =>
      schemas[1]!.fields.some(({ name, type }) => name === own.name && sameType(type, own.type)),
    )
    .map(({ name }) => name);
}

function bothNarrowed(
  input: Input,
  right: Input,
  names: readonly string[],
  dice: Dice,
  make: (left: Rows, other: Rows) => Rows,
): (pool: readonly Rows[]) => Rows {
  // Columns are matched by name, in whatever order they stand.
  const reversed = dice.upTo(2) === 1 ? [...names].reverse() : names;
  return (pool) =>
    make(narrowed(pool[input.place]!, names), narrowed(pool[right.place]!, reversed));
}

function ofNames(known: Known, names: readonly string[]): Schema {
  return { fields: names.map((name) => known.schema.fields.find((own) => own.name === name)!) };
}

const union: StepMaker = (input, dice, pool) => {
  const right = other(dice, pool);
  const names = commonNames(input.known, right.known, false);
  const rowsMax = input.known.rowsMax + right.known.rowsMax;
  if (names.length === 0 || rowsMax > pairsMax) return undefined;
  const inexact = new Set(
    names.filter((name) => input.known.inexact.has(name) || right.known.inexact.has(name)),
  );
  return {
    text: `d${input.place} union d${right.place} of ${names.join(", ")}`,
    known: {
      schema: ofNames(input.known, names),
      inexact,
      rowsMax,
      isOrdered: input.known.isOrdered && right.known.isOrdered,
    },
    apply: bothNarrowed(input, right, names, dice, (a, b) =>
      derive(a, { kind: "union", inputs: [nodeOf(a), nodeOf(b)] }),
    ),
  };
};

const sets: StepMaker = (input, dice, pool) => {
  const right = other(dice, pool);
  const names = dice.some(commonNames(input.known, right.known, true)).filter(Boolean);
  if (names.length === 0) return undefined;
  const kind = dice.oneOf(["intersect", "except"] as const);
  const all = dice.upTo(2) === 1;
  return {
    text: `d${input.place} ${kind}${all ? "All" : ""} d${right.place} of ${names.join(", ")}`,
    known: {
      schema: ofNames(input.known, names),
      inexact: new Set(),
      rowsMax: input.known.rowsMax,
      isOrdered: false,
    },
    apply: bothNarrowed(input, right, names, dice, (a, b) =>
      derive(a, { kind, left: nodeOf(a), right: nodeOf(b), all }),
    ),
  };
};

export const twoInputSteps: readonly { readonly weight: number; readonly make: StepMaker }[] = [
  { weight: 6, make: join },
  { weight: 3, make: union },
  { weight: 3, make: sets },
];

export function isStep(made: Step | undefined): made is Step {
  return made !== undefined;
}
