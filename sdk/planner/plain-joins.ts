// Joins that may change places with others: by keys alone, without hints, names or conditions of their own.

import type { JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import { type Schema, sameType } from "../../proto/plan/types.ts";

export function isPlainJoin(node: LogicalNode): node is JoinNode {
  return (
    node.kind === "join" &&
    node.on.length > 0 &&
    node.strategy === undefined &&
    node.rightNames.length === 0 &&
    node.condition === undefined
  );
}

export function sameColumns(a: Schema, b: Schema): boolean {
  return (
    a.fields.length === b.fields.length &&
    a.fields.every(({ name, type }, at) => {
      const other = b.fields[at]!;
      return name === other.name && sameType(type, other.type);
    })
  );
}

/** Whether no two of them have a column of one name. */
export function namesApart(schemas: readonly Schema[]): boolean {
  const names = schemas.flatMap(({ fields }) => fields.map(({ name }) => name));
  return new Set(names).size === names.length;
}
