// Lists and structs.

import { commonType, type DataType } from "../../../proto/plan/types.ts";
import { compareValues } from "../value-order.ts";
import { castRaw } from "./cast-raw.ts";
import { type PlainCall, type PlainFunction, wholeOf } from "./plain-call.ts";
import { window } from "./plain-text.ts";
import type { Raw } from "./raw-values.ts";

type Items = readonly Raw[];

function itemType(type: DataType): DataType {
  return type.kind === "list" ? type.item.type : type;
}

function position(call: PlainCall, [list, value]: readonly Raw[]): number {
  const item = itemType(call.types[0]!);
  const type = commonType(item, call.types[1]!) ?? item;
  const wanted = castRaw(value, call.types[1]!, type, "error", call.text);
  const index = (list as Items).findIndex((one) => {
    const own = castRaw(one, item, type, "error", call.text);
    return own !== null && compareValues(own, wanted) === 0;
  });
  return index + 1;
}

export const listFunctions: Readonly<Record<string, PlainFunction>> = {
  size: (_, [list]) => (list as Items).length,
  elementAt: (call, args) => {
    const list = args[0] as Items;
    const index = wholeOf(call, args, 1)!;
    return list[index < 0 ? list.length + index : index - 1] ?? null;
  },
  listPosition: position,
  contains: (call, args) => {
    const [whole, part] = args;
    if (typeof whole !== "string") return position(call, args) > 0;
    return part === "" || whole.split(part as string).length > 1;
  },
  slice: (call, args) => window(args[0] as Items, wholeOf(call, args, 1)!, wholeOf(call, args, 2)),
  sortList: (_, [list]) => [...(list as Items)].sort(compareValues),
  distinctList: (_, [list]) =>
    (list as Items).filter(
      (item, index, all) => all.findIndex((other) => compareValues(other, item) === 0) === index,
    ),
  flatten: (_, [lists]) => (lists as readonly (Items | null)[]).flatMap((list) => list ?? []),
  join: (_, [list, separator]) =>
    (list as Items).filter((item) => item !== null).join(separator as string),
  makeList: (call, args) =>
    args.map((raw, index) =>
      castRaw(raw, call.types[index]!, itemType(call.result), "error", call.text),
    ),
  makeStruct: (_, args) =>
    Object.fromEntries(
      args.flatMap((raw, index) => (index % 2 === 0 ? [[raw as string, args[index + 1]]] : [])),
    ) as Raw,
  field: (_, [struct, name]) => (struct as Readonly<Record<string, Raw>>)[name as string] ?? null,
};
