// Random steps by functions, between steps on columns: they see plain rows, and what they make gets a schema again.

import {
  boolType,
  float64Type,
  int32Type,
  listType,
  type Schema,
  utf8Type,
} from "../../../proto/plan/types.ts";
import { RowSchema } from "../../../sdk/columns/schema.ts";
import { step } from "../../../sdk/dataset/dataset-base.ts";
import { compareValues, identity } from "../../../sdk/testing/value-order.ts";
import { mixed } from "./dice.ts";
import {
  exactSchema,
  field,
  type Input,
  type Known,
  type Rows,
  type Step,
  type StepMaker,
} from "./known.ts";

/** A number that a row always has. */
export function digest(row: unknown): number {
  const text = identity(row);
  let hash = text.length;
  for (let i = 0; i < text.length; i++) hash = mixed(hash ^ text.charCodeAt(i), i & 15);
  return hash;
}

export const madeSchema: Schema = {
  fields: [
    field("k", int32Type),
    field("s", utf8Type),
    field("b", boolType),
    field("f", float64Type),
    field("y", listType(utf8Type)),
  ],
};

const words = ["a", "", "b", "é", "😀"];

export function madeRow(row: unknown): Record<string, unknown> {
  const hash = digest(row);
  const word = words[(hash >>> 4) % words.length];
  return {
    k: hash % 5 === 4 ? null : hash % 5,
    s: hash % 7 === 0 ? null : word,
    b: (hash >>> 5) % 2 === 0,
    f: (hash >>> 8) % 11 === 0 ? Number.NaN : ((hash >>> 9) % 9) / 4,
    y: (hash >>> 11) % 3 === 0 ? [] : [word, null],
  };
}

const typed = (rows: Rows, schema: Schema): Rows => rows.as(new RowSchema<unknown>(schema.fields));

function closureStep(
  input: Input,
  text: string,
  known: Partial<Known>,
  make: (rows: Rows) => Rows,
): Step | undefined {
  // Functions see whole rows: their last digits would show.
  if (input.known.inexact.size > 0) return undefined;
  return {
    text: `d${input.place} ${text}`,
    known: { ...input.known, ...known },
    apply: (pool) => make(pool[input.place]!),
  };
}

const filter: StepMaker = (input, dice) => {
  const by = 2 + dice.upTo(3);
  return closureStep(input, `filter (digest % ${by} > 0)`, {}, (rows) =>
    rows.filter((row) => digest(row) % by > 0),
  );
};

const map: StepMaker = (input, dice) => {
  // Without a schema, columns are what the values show: the same for these.
  const isTyped = dice.upTo(3) > 0;
  const schema = isTyped ? madeSchema : { fields: madeSchema.fields.slice(1, 4) };
  const untyped = (row: unknown) => {
    const { s, b, f } = madeRow(row);
    return { s, b, f };
  };
  return closureStep(
    input,
    `map to a record${isTyped ? " as a schema" : ""}`,
    { schema },
    (rows) => (isTyped ? typed(rows.map(madeRow), schema) : typed(rows.map(untyped), schema)),
  );
};

const flatMap: StepMaker = (input) => {
  if (input.known.rowsMax > 400) return undefined;
  const known = { schema: madeSchema, rowsMax: input.known.rowsMax * 2 };
  return closureStep(input, "flatMap to records", known, (rows) =>
    typed(
      rows.flatMap((row) => Array.from({ length: digest(row) % 3 }, (_, at) => madeRow([row, at]))),
      madeSchema,
    ),
  );
};

const mapPartitions: StepMaker = (input) =>
  closureStep(input, "mapPartitions to records", { schema: madeSchema }, (rows) =>
    typed(
      rows.mapPartitions(function* (own) {
        for (const row of own) if (digest(row) % 4 !== 1) yield madeRow(row);
      }),
      madeSchema,
    ),
  );

const mapAsync: StepMaker = (input) =>
  closureStep(input, "mapAsync to records", { schema: madeSchema }, (rows) =>
    typed(
      rows.mapAsync(async (row) => madeRow(row), { concurrency: 3 }),
      madeSchema,
    ),
  );

interface View {
  readonly values: ArrayLike<unknown>;
  readonly valid?: Uint8Array;
}

const mapBatches: StepMaker = (input, dice) => {
  const whole = exactSchema(input.known).fields.filter(({ type }) => type.kind === "int32");
  if (whole.length === 0) return undefined;
  const { name } = dice.oneOf(whole);
  const schema = { fields: [field("k", int32Type), field("f", float64Type)] };
  return closureStep(input, `mapBatches of ${name}`, { schema }, (rows) => {
    const transform = (batch: unknown) => {
      const { columns } = batch as { readonly columns: Readonly<Record<string, View>> };
      const { values, valid } = columns[name]!;
      const numbers = Array.from(values as ArrayLike<number>);
      const halves = Float64Array.from(numbers, (value) => value / 2);
      const k = { values: Int32Array.from(numbers), ...(valid === undefined ? {} : { valid }) };
      return { k, f: valid === undefined ? halves : { values: halves, valid } };
    };
    return step(rows, { kind: "mapBatches", schema }, transform);
  });
};

const pairOf = (row: unknown): [string | null, number] => {
  const { s } = madeRow(row);
  return [s as string | null, digest(row) % 6];
};
const pairSchema: Schema = { fields: [field("s", utf8Type), field("k", int32Type)] };
const fromPair = ([s, k]: readonly [unknown, unknown]) => ({ s, k });

type Pairs = ReturnType<typeof pairsOf>;
const pairsOf = (rows: Rows) => rows.map(pairOf);

/** Each to pairs of a text and a small number. */
const keyedWays: readonly (readonly [name: string, make: (pairs: Pairs) => Rows])[] = [
  ["reduceByKey", (pairs) => pairs.reduceByKey((a, b) => a + b).map(fromPair)],
  ["countByKey", (pairs) => pairs.countByKey().map(fromPair)],
  [
    "aggregateByKey",
    (pairs) =>
      pairs
        .aggregateByKey(
          { sum: 0, most: -1 },
          (state, value) => ({ sum: state.sum + value, most: Math.max(state.most, value) }),
          (a, b) => ({ sum: a.sum + b.sum, most: Math.max(a.most, b.most) }),
        )
        .map(([s, { sum, most }]) => ({ s, k: sum * 10 + most })),
  ],
  [
    "groupByKey sorted",
    (pairs) =>
      pairs
        .groupByKey({ sortBy: (value) => -value })
        .map(([s, values]) => ({ s, k: values.slice(0, 6).reduce((a, b) => a * 6 + b, 0) })),
  ],
  [
    "countByValue",
    (pairs) => pairs.countByValue().map(({ value, count }) => ({ s: value[0], k: count })),
  ],
  ["partitionBy", (pairs) => pairs.partitionBy(3, (key) => key?.length ?? 0).map(fromPair)],
];

const keyed: StepMaker = (input, dice) => {
  const [name, make] = dice.oneOf(keyedWays);
  const known = { schema: pairSchema, isOrdered: false };
  return closureStep(input, name, known, (rows) => typed(make(pairsOf(rows)), pairSchema));
};

const cogroup: StepMaker = (input, dice, pool) => {
  const place = dice.upTo(pool.length);
  if (pool[place]!.inexact.size > 0) return undefined;
  const known = { schema: pairSchema, isOrdered: false };
  const joined = (values: readonly number[]) =>
    [...values]
      .sort(compareValues)
      .slice(0, 4)
      .reduce((a, b) => a * 6 + b, 1);
  const made = closureStep(input, `cogroup d${place}`, known, (rows) => rows);
  return (
    made && {
      ...made,
      known: { ...made.known, rowsMax: made.known.rowsMax + pool[place]!.rowsMax },
      apply: (all) =>
        typed(
          pairsOf(all[input.place]!)
            .cogroup(pairsOf(all[place]!))
            .map(([s, [left, right]]) => ({ s, k: joined(left) * 10_000 + joined(right) })),
          pairSchema,
        ),
    }
  );
};

const joinByKey: StepMaker = (input, dice, pool) => {
  const place = dice.upTo(pool.length);
  const type = dice.oneOf(["inner", "left", "right", "full"] as const);
  if (pool[place]!.inexact.size > 0) return undefined;
  const known = { schema: pairSchema, isOrdered: false };
  const made = closureStep(input, `joinByKey ${type} d${place}`, known, (rows) => rows);
  return (
    made && {
      ...made,
      known: { ...made.known, rowsMax: made.known.rowsMax + pool[place]!.rowsMax },
      // One row for each key: rows of many with many would be too many.
      apply: (all) => {
        const sums = (at: number) => pairsOf(all[at]!).reduceByKey((a, b) => a + b);
        const joined = sums(input.place).joinByKey<string | null, number, number, typeof type>(
          sums(place),
          type,
        );
        return typed(
          joined.map(([s, [left, right]]) => ({
            s,
            k: ((left ?? 7) % 1000) * 1000 + ((right ?? 9) % 1000),
          })),
          pairSchema,
        );
      },
    }
  );
};

const orderByFunction: StepMaker = (input, dice) => {
  const direction = dice.oneOf(["asc", "desc"] as const);
  return closureStep(input, `orderBy digest ${direction}`, { isOrdered: true }, (rows) =>
    rows.orderBy((row) => digest(row) % 3, direction),
  );
};

export const closureSteps: readonly { readonly weight: number; readonly make: StepMaker }[] = [
  { weight: 2, make: filter },
  { weight: 2, make: map },
  { weight: 1, make: flatMap },
  { weight: 1, make: mapPartitions },
  { weight: 1, make: mapAsync },
  { weight: 1, make: mapBatches },
  { weight: 3, make: keyed },
  { weight: 1, make: cogroup },
  { weight: 1, make: joinByKey },
  { weight: 1, make: orderByFunction },
];
