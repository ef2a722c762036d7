// Kernels of lists and structs.

import { commonType, type DataType, int32Type, int53Type } from "../../../../proto/plan/types.ts";
import { compareRaw } from "../compare-raw.ts";
import type { Call, Kernel, MakeKernel } from "../kernel.ts";
import { type Raw, rawAt } from "../raw.ts";
import { rowwise } from "../rowwise.ts";
import { expanded, joinRows, takeRows } from "../take.ts";
import { type ListVector, numberVector, type StructVector, type Vector } from "../vector.ts";
import { windowOf } from "./texts.ts";

function itemOf(type: DataType): DataType {
  return type.kind === "list" ? type.item.type : { kind: "null" };
}

/** The list's items and the value as one type. */
function lookupTypes([list, value]: readonly DataType[]): readonly DataType[] {
  const common = commonType(itemOf(list!), value!) ?? itemOf(list!);
  return [{ kind: "list", item: { name: "item", type: common, nullable: true } }, common];
}

function indexIn(items: readonly Raw[], value: Raw): number {
  return items.findIndex((item) => item !== null && compareRaw(item, value) === 0);
}

export function containsInList(call: Call): Kernel {
  const has = (items: readonly Raw[], value: Raw) => indexIn(items, value) >= 0;
  return rowwise(call, has, { argTypes: lookupTypes(call.types) });
}

function listPosition(call: Call): Kernel {
  const find = (items: readonly Raw[], value: Raw) => indexIn(items, value) + 1;
  return rowwise(call, find, { argTypes: lookupTypes(call.types) });
}

function size(): Kernel {
  return {
    canFail: false,
    run: ([list], rows, valid) => {
      const { offsets } = list as ListVector;
      const out = new Int32Array(rows);
      for (let i = 0; i < rows; i++) out[i] = offsets[i + 1]! - offsets[i]!;
      return numberVector(int32Type, out, valid);
    },
  };
}

function elementAt(): Kernel {
  return {
    argTypes: [undefined, int53Type],
    canFail: false,
    run: ([list, index], rows, valid) => {
      const { offsets, item } = expanded(list!, rows) as ListVector;
      const places = new Int32Array(rows).fill(-1);
      for (let i = 0; i < rows; i++) {
        if (valid !== undefined && ((valid[i >> 3]! >> (i & 7)) & 1) === 0) continue;
        const wanted = rawAt(index!, i) as number;
        const [start, end] = [offsets[i]!, offsets[i + 1]!];
        const at = wanted > 0 ? start + wanted - 1 : wanted < 0 ? end + wanted : -1;
        if (at >= start && at < end) places[i] = at;
      }
      return takeRows(item, places);
    },
  };
}

function distinct(items: readonly Raw[]): readonly Raw[] {
  const kept: Raw[] = [];
  for (const item of items) {
    if (!kept.some((other) => compareRaw(other, item) === 0)) kept.push(item);
  }
  return kept;
}

/** The values of each row side by side. */
function makeList(call: Call): Kernel {
  const type = itemOf(call.result);
  return {
    argTypes: call.types.map(() => type),
    canFail: false,
    run: (args, rows) => {
      const parts = args.map((arg) => expanded(arg, rows));
      const together = joinRows(type, parts);
      const width = parts.length;
      const places = new Int32Array(rows * width);
      const offsets = new Int32Array(rows + 1);
      for (let i = 0; i < rows; i++) {
        for (let k = 0; k < width; k++) places[i * width + k] = k * rows + i;
        offsets[i + 1] = (i + 1) * width;
      }
      const item = takeRows(together, places);
      const { result } = call;
      return {
        form: "list",
        type: result,
        length: rows,
        constant: false,
        valid: undefined,
        offsets,
        item,
      };
    },
  };
}

function makeStruct({ result }: Call): Kernel {
  return {
    canFail: false,
    run: (args, rows): Vector => {
      const fields = args
        .filter((_, index) => index % 2 === 1)
        .map((value) => expanded(value, rows));
      return {
        form: "struct",
        type: result,
        length: rows,
        constant: false,
        valid: undefined,
        fields,
      };
    },
  };
}

/** A field is null where its struct is. */
function field({ types, literals }: Call): Kernel {
  const [type] = types;
  const name = literals[1];
  return {
    canFail: false,
    run: ([struct], rows, valid) => {
      const fields = type!.kind === "struct" ? type!.fields : [];
      const index = fields.findIndex((candidate) => candidate.name === name);
      const own = (struct as StructVector).fields[index]!;
      if (valid === undefined) return { ...own, constant: false };
      const places = new Int32Array(rows);
      for (let i = 0; i < rows; i++) places[i] = (valid[i >> 3]! >> (i & 7)) & 1 ? i : -1;
      return takeRows(own, places);
    },
  };
}

const slicing = [undefined, int53Type, int53Type] as const;

export const listKernels = {
  size,
  elementAt,
  listPosition,
  slice: (call) =>
    rowwise(
      call,
      (items: readonly Raw[], start: number, length?: number) =>
        items.slice(...windowOf(items.length, start, length)),
      { argTypes: slicing },
    ),
  sortList: (call) => rowwise(call, (items: readonly Raw[]) => [...items].sort(compareRaw)),
  distinctList: (call) => rowwise(call, distinct),
  flatten: (call) =>
    rowwise(call, (lists: readonly (readonly Raw[] | null)[]) =>
      lists.flatMap((items) => items ?? []),
    ),
  join: (call) =>
    rowwise(call, (items: readonly (string | null)[], separator: string) =>
      items.filter((item) => item !== null).join(separator),
    ),
  makeList,
  makeStruct,
  field,
} satisfies Record<string, MakeKernel>;
