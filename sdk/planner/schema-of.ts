// The columns of each node of a plan, as far as they are known before the run; checks expressions on the way.

import { EngineError } from "../../proto/errors.ts";
import { alteredColumns, checkAlteration } from "../../proto/plan/altered-columns.ts";
import type { Expr } from "../../proto/plan/expr.ts";
import { columnText, exprText } from "../../proto/plan/expr-text.ts";
import { typeOfAggregate, typeOfExpr, typeOfWindow } from "../../proto/plan/expr-type.ts";
import type { JoinNode, LogicalNode, NodeId } from "../../proto/plan/logical.ts";
import {
  commonType,
  type DataType,
  type Field,
  findField,
  int53Type,
  jsonType,
  type Schema,
  schemaText,
  typeText,
  utf8Type,
} from "../../proto/plan/types.ts";

/** Undefined: rows of closures and the like, whose columns show at the run. */
export type KnownSchema = Schema | undefined;

/** Schemas of sources that were found in their files, or of what is kept, by node. */
export type SourceSchemas = ReadonlyMap<NodeId, Schema>;

const field = (name: string, type: DataType, nullable = true): Field => ({ name, type, nullable });

/** The node's columns, by those of its inputs. Throws PLAN_INVALID, naming the step, where an expression does not fit. */
export function schemaOfStep(
  node: LogicalNode,
  inputs: readonly KnownSchema[],
  sources: SourceSchemas,
): KnownSchema {
  try {
    const schema = schemaOfNode(node, inputs, sources);
    if (schema !== undefined) checkNames(schema);
    return schema;
  } catch (thrown) {
    if (!(thrown instanceof EngineError) || thrown.code !== "PLAN_INVALID") throw thrown;
    const operator = `${node.kind}#${node.id}`;
    const message = `${operator}: ${thrown.message}`;
    throw new EngineError("PLAN_INVALID", message, { operator }, thrown);
  }
}

function checkNames(schema: Schema): void {
  const seen = new Set<string>();
  for (const { name } of schema.fields) {
    if (seen.has(name)) {
      throw new EngineError(
        "PLAN_INVALID",
        `there are two columns ${columnText(name)}; rename one`,
      );
    }
    seen.add(name);
  }
}

function schemaOfNode(
  node: LogicalNode,
  inputs: readonly KnownSchema[],
  sources: SourceSchemas,
): KnownSchema {
  const [input, other] = inputs;
  switch (node.kind) {
    case "readText":
      return { fields: [field("value", utf8Type, false)] };
    case "readColumns":
    case "readSource":
      return wanted(node.options.schema ?? sources.get(node.id), node.columns);
    case "kept":
    case "readCheckpoint":
      return sources.get(node.id);
    case "values":
      return node.schema;
    case "range":
      return { fields: [field("value", int53Type, false)] };
    case "conform":
      return node.schema;
    case "mapBatches":
      return node.schema;
    case "countByValue":
      return countSchema(input);
    case "filter":
    case "orderBy":
    case "limit":
    case "cache":
    case "repartition":
      return input;
    case "join":
      return joinSchema(node, input, other);
    case "union":
      return inputs.reduce(unionSchema);
    case "intersect":
    case "except":
      return input;
    case "readNdjson":
    case "readCsv":
    case "map":
    case "flatMap":
    case "mapPartitions":
    case "mapAsync":
    case "reduceByKey":
    case "aggregateByKey":
    case "groupByKey":
    case "cogroup":
    case "joinByKey":
      return undefined;
    default:
      return columnSchema(node, input);
  }
}

function wanted(schema: KnownSchema, columns: readonly string[] | undefined): KnownSchema {
  if (schema === undefined || columns === undefined) return schema;
  return { fields: columns.map((name) => findField(schema, name)!) };
}

function countSchema(input: KnownSchema): KnownSchema {
  const only = input?.fields.length === 1 ? input.fields[0] : undefined;
  if (only?.name !== "value") return undefined;
  return { fields: [only, field("count", int53Type, false)] };
}

function columnSchema(
  node: Extract<
    LogicalNode,
    {
      kind:
        | "select"
        | "alter"
        | "where"
        | "aggregate"
        | "sortBy"
        | "distinct"
        | "window"
        | "explode"
        | "sample";
    }
  >,
  input: KnownSchema,
): KnownSchema {
  switch (node.kind) {
    case "select":
      return known(node.columns.map(({ name, expr }) => typed(name, expr, input)));
    case "alter": {
      for (const { expr } of node.columns) typeOfExpr(expr, input);
      if (input === undefined) return undefined;
      checkAlteration(node, input);
      const names = input.fields.map(({ name }) => name);
      return known(alteredColumns(node, names).map(({ name, expr }) => typed(name, expr, input)));
    }
    case "where":
      checkBool(node.predicate, input);
      return input;
    case "aggregate":
      return known([
        ...node.keys.map(({ name, expr }) => field(name, typeOfExpr(expr, input))),
        ...node.aggregates.map(({ name, call }) => field(name, typeOfAggregate(call, input))),
      ]);
    case "sortBy":
      for (const { expr } of node.keys) typeOfExpr(expr, input);
      return input;
    case "distinct":
      for (const name of node.on ?? []) typeOfExpr({ kind: "column", name }, input);
      return input;
    case "window": {
      const made = node.windows.map(({ name, call }) => field(name, typeOfWindow(call, input)));
      return input && known([...input.fields, ...made]);
    }
    case "explode":
      return explodeSchema(node.column, input);
    case "sample":
      return input;
  }
}

/** A column as it stands keeps that it holds no nulls. */
function typed(name: string, expr: Expr, input: KnownSchema): Field {
  const same = expr.kind === "column" && input !== undefined && findField(input, expr.name);
  return same ? { ...same, name } : field(name, typeOfExpr(expr, input));
}

/** With a column of a type that only the run will tell, the whole is not known. */
function known(fields: readonly Field[]): KnownSchema {
  return fields.some(({ type }) => type.kind === "any") ? undefined : { fields };
}

function checkBool(predicate: Parameters<typeof typeOfExpr>[0], input: KnownSchema): void {
  const type = typeOfExpr(predicate, input);
  if (["bool", "null", "any"].includes(type.kind)) return;
  throw new EngineError(
    "PLAN_INVALID",
    `the condition ${exprText(predicate)} is ${typeText(type)}, not bool`,
  );
}

function explodeSchema(column: string, input: KnownSchema): KnownSchema {
  const type = typeOfExpr({ kind: "column", name: column }, input);
  if (input === undefined || type.kind === "any") return undefined;
  if (type.kind !== "list") {
    throw new EngineError(
      "PLAN_INVALID",
      `the column ${columnText(column)} is ${typeText(type)}, not a list`,
    );
  }
  const item = type.item.type;
  return {
    fields: input.fields.map((own) => (own.name === column ? field(column, item) : own)),
  };
}

function joinSchema(node: JoinNode, left: KnownSchema, right: KnownSchema): KnownSchema {
  for (const key of node.on) {
    const types = [typeOfExpr(key.left, left), typeOfExpr(key.right, right)] as const;
    if (commonType(...types) !== undefined) continue;
    throw new EngineError(
      "PLAN_INVALID",
      `${exprText(key.left)} is ${typeText(types[0])} and ${exprText(key.right)} is ` +
        `${typeText(types[1])}; cast one of them`,
    );
  }
  if (left === undefined || right === undefined) return undefined;
  const both = { fields: [...left.fields, ...rightFields(node, left, right)] };
  if (node.condition !== undefined) checkBool(node.condition, both);
  return node.type === "semi" || node.type === "anti" ? left : both;
}

function rightFields(node: JoinNode, left: Schema, right: Schema): readonly Field[] {
  const joined = new Set(
    node.on.flatMap((key) =>
      key.left.kind === "column" && key.right.kind === "column" && key.left.name === key.right.name
        ? [key.left.name]
        : [],
    ),
  );
  const renames = new Map(node.rightNames.map(({ from, to }) => [from, to]));
  return right.fields
    .filter(({ name }) => !(joined.has(name) && findField(left, name) !== undefined))
    .map((own) => ({ ...own, name: renames.get(own.name) ?? own.name, nullable: true }));
}

function unionSchema(left: KnownSchema, right: KnownSchema): KnownSchema {
  if (left === undefined || right === undefined) return undefined;
  const names = (schema: Schema) =>
    schema.fields
      .map(({ name }) => name)
      .sort((a, b) => (a < b ? -1 : 1))
      .join(", ");
  if (names(left) !== names(right)) {
    throw new EngineError(
      "PLAN_INVALID",
      `the inputs have different columns: ${schemaText(left)} and ${schemaText(right)}`,
    );
  }
  return {
    fields: left.fields.map((own) => {
      const other = findField(right, own.name)!;
      const type = commonType(own.type, other.type) ?? jsonType;
      return { name: own.name, type, nullable: own.nullable || other.nullable };
    }),
  };
}
