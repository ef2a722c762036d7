// Steps on pairs `[key, value]`.

import type { JoinByKeyNode, KeyedNode } from "../../../proto/plan/logical.ts";
import { int53Type } from "../../../proto/plan/types.ts";
import { decodeValue } from "../../../proto/plan/values.ts";
import { compareValues, identity } from "../value-order.ts";
import { type ClosureOf, grouped, plain, rowsOf, type Table, typed } from "./table.ts";

type Pair = readonly [key: unknown, value: unknown];
const ofPair = ["key", "value"];
type Function = (...args: unknown[]) => unknown;

export function keyedStep(node: KeyedNode, table: Table, closureOf: ClosureOf): Table {
  switch (node.kind) {
    case "countByValue":
      return countByValue(table);
    case "reduceByKey":
      return perKey(table, (values) => values.reduce(closureOf(node.id) as Function as never));
    case "aggregateByKey": {
      const both = closureOf(node.id);
      const zero = () => decodeValue(node.zeroJson);
      return perKey(table, (values) =>
        values.reduce((state, value) => both("add", state, value), zero()),
      );
    }
    case "groupByKey": {
      if (!node.sorted) return perKey(table, (values) => values);
      const answer = closureOf(node.id);
      return perKey(table, (values) =>
        values
          .map((value) => ({ value, by: answer(value) }))
          .sort((a, b) => compareValues(a.by, b.by))
          .map(({ value }) => value),
      );
    }
    case "repartition":
      return table;
  }
}

function perKey(table: Table, make: (values: readonly unknown[]) => unknown): Table {
  const pairs = rowsOf(table) as readonly Pair[];
  const groups = grouped(pairs, ([key]) => identity(key));
  return plain(
    [...groups.values()].map((places) => {
      const [key] = pairs[places[0]!]!;
      return [key, make(places.map((place) => pairs[place]![1]))];
    }),
    ofPair,
  );
}

function countByValue(table: Table): Table {
  const rows = rowsOf(table);
  const groups = [...grouped(rows, identity).values()];
  const counted = groups.map((places) => ({ first: places[0]!, count: places.length }));
  if (table.kind === "plain" || table.shape === "record") {
    const made = counted.map(({ first, count }) => ({ value: rows[first], count }));
    return plain(made, ["value", "count"]);
  }
  const [only] = table.schema.fields;
  const fields = [
    { ...only!, name: "value" },
    { name: "count", type: int53Type, nullable: false },
  ];
  return typed(
    { fields },
    counted.map(({ first, count }) => ({ value: table.rows[first]![only!.name], count })),
  );
}

/** Keys in the order of the left side, then those of the right alone. */
export function cogroupStep(left: Table, right: Table): Table {
  const sides = [left, right].map((table) => rowsOf(table) as readonly Pair[]);
  const groups = sides.map((pairs) => grouped(pairs, ([key]) => identity(key)));
  const keys = new Set(groups.flatMap((side) => [...side.keys()]));
  return plain(
    [...keys].map((key) => {
      const values = sides.map((pairs, side) =>
        (groups[side]!.get(key) ?? []).map((place) => pairs[place]![1]),
      );
      const side = groups[0]!.has(key) ? 0 : 1;
      return [sides[side]![groups[side]!.get(key)![0]!]![0], values];
    }),
    ofPair,
  );
}

/** In the order of the left side. */
export function joinByKeyStep({ type }: JoinByKeyNode, left: Table, right: Table): Table {
  const partners = grouped(rowsOf(right) as readonly Pair[], ([key]) => identity(key));
  return plain(
    (rowsOf(left) as readonly Pair[]).flatMap(([key, value]) => {
      const places = partners.get(identity(key));
      if (places === undefined) return type === "left" ? [[key, [value, undefined]]] : [];
      const rights = rowsOf(right) as readonly Pair[];
      return places.map((place) => [key, [value, rights[place]![1]]]);
    }),
    ofPair,
  );
}
