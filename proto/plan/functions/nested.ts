// Functions of lists and structs. Indices count from 1, as in SQL; negative ones from the end.

import {
  anyType,
  commonType,
  type DataType,
  type Field,
  int32Type,
  listType,
  nullType,
  typeText,
  utf8Type,
} from "../types.ts";
import { anything, define, list, number, ofFirst, optional, rest, text } from "./define.ts";
import type { LiteralTexts, ScalarFunction, TypeAnswer, TypeProblem } from "./function.ts";

function itemType(type: DataType): DataType {
  return type.kind === "list" ? type.item.type : anyType;
}

/** Why the value of the second type can be no item of the list. */
export function cannotHold([list, value]: readonly DataType[]): TypeProblem | undefined {
  if (commonType(itemType(list!), value!) !== undefined) return undefined;
  return { problem: `cannot look for ${typeText(value!)} in ${typeText(list!)}` };
}

function listOfCommon(types: readonly DataType[]): TypeAnswer {
  let item: DataType = nullType;
  for (const type of types) {
    const common = commonType(item, type);
    if (common === undefined) {
      return { problem: `has items of the types ${typeText(item)} and ${typeText(type)}` };
    }
    item = common;
  }
  return item.kind === "any" ? anyType : listType(item);
}

function structOfPairs(types: readonly DataType[], literals: LiteralTexts): TypeAnswer {
  if (types.length % 2 === 1) return { problem: "needs a value for each name" };
  const fields: Field[] = [];
  for (let i = 0; i < types.length; i += 2) {
    const name = literals[i];
    if (typeof name !== "string") return { problem: "needs names as literals" };
    if (fields.some((field) => field.name === name)) {
      return { problem: `has two fields ${JSON.stringify(name)}` };
    }
    const type = types[i + 1]!;
    if (type.kind === "any") return anyType;
    fields.push({ name, type, nullable: true });
  }
  return { kind: "struct", fields };
}

function fieldType([type]: readonly DataType[], literals: LiteralTexts): TypeAnswer {
  const name = literals[1];
  if (typeof name !== "string") return { problem: "needs the name of the field as a literal" };
  if (type!.kind !== "struct") return anyType;
  const field = type!.fields.find((candidate) => candidate.name === name);
  if (field !== undefined) return field.type;
  const known = type!.fields.map((candidate) => candidate.name).join(", ");
  return { problem: `there is no field ${JSON.stringify(name)}; the fields are: ${known}` };
}

export const nestedFunctions = {
  size: define("size(list)", "How many items the list has.", [list], int32Type),
  elementAt: define(
    "elementAt(list, index)",
    "The item at the index; null where there is none.",
    [list, number],
    ([type]) => itemType(type!),
  ),
  listPosition: define(
    "listPosition(list, value)",
    "Where the value first is in the list; 0 where it is not.",
    [list, anything],
    (types) => cannotHold(types) ?? int32Type,
  ),
  slice: define(
    "slice(list, start, length?)",
    "The items from `start` on, as substring counts characters.",
    [list, number, optional(number)],
    ofFirst,
  ),
  sortList: define("sortList(list)", "The items in order, nulls first.", [list], ofFirst),
  distinctList: define(
    "distinctList(list)",
    "The items without repetitions, in order of first appearance.",
    [list],
    ofFirst,
  ),
  flatten: define(
    "flatten(lists)",
    "The items of a list of lists end to end; lists that are null are left out.",
    [list],
    ([type]) => {
      const item = itemType(type!);
      if (item.kind === "any" || item.kind === "list" || item.kind === "null") return item;
      return { problem: `needs a list of lists, not ${typeText(type!)}` };
    },
  ),
  join: define(
    "join(list, separator)",
    "The texts of the list with the separator between them; nulls are left out.",
    [list, text],
    ([type]) => {
      const item = itemType(type!);
      if (["any", "null", "utf8"].includes(item.kind)) return utf8Type;
      return { problem: `needs a list of utf8, not ${typeText(type!)}` };
    },
  ),
  makeList: define(
    "makeList(...values)",
    "A list of the values.",
    [rest(anything)],
    listOfCommon,
    "own",
  ),
  makeStruct: define(
    "makeStruct(name, value, ...)",
    "A struct of the values under the names, which are literals.",
    [text, rest(anything)],
    structOfPairs,
    "own",
  ),
  field: define(
    "field(struct, name)",
    "The value of one field of a struct.",
    [{ kinds: ["struct", "json"], called: "a struct" }, text],
    fieldType,
  ),
} as const satisfies Record<string, ScalarFunction>;
