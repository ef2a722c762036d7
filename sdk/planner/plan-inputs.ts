// What planning an action needs to know of the world: files, their schemas, how finely to cut them.

import { EngineError } from "../../proto/errors.ts";
import type { InputFile, KeptOutput } from "../../proto/plan/bundle.ts";
import type { SourceSplits } from "../../proto/plan/connector.ts";
import { planNodes } from "../../proto/plan/inputs.ts";
import type {
  Action,
  ColumnarReadNode,
  KeptNode,
  LogicalNode,
  NodeId,
  RowReadNode,
  SourceReadNode,
} from "../../proto/plan/logical.ts";
import type { Schema } from "../../proto/plan/types.ts";

export type FileReadNode = RowReadNode | ColumnarReadNode;

export interface PlanInputs {
  /** Files of each source that reads files, in URI order. */
  readonly files: ReadonlyMap<NodeId, readonly InputFile[]>;
  /** Schemas of columnar sources that did not declare one, as found in the files. */
  readonly schemas: ReadonlyMap<NodeId, Schema>;
  /** How many rows the files of a source have, where their footers were asked. */
  readonly rows?: ReadonlyMap<NodeId, number>;
  /** Columns of a source of which equal values are read by one task, where their footers were asked. */
  readonly clustered?: ReadonlyMap<NodeId, readonly string[]>;
  /** What `kept` nodes of the plan stand for. */
  readonly kept?: ReadonlyMap<NodeId, KeptOutput>;
  /** What sources of others answered when they were asked for splits. */
  readonly sources?: ReadonlyMap<NodeId, SourceSplits>;
}

export function isSourceRead(node: LogicalNode): node is SourceReadNode {
  return node.kind === "readSource";
}

/** The sources of others of an action, each once. */
export function sourceReads(action: Action): readonly SourceReadNode[] {
  return planNodes(action.input).filter(isSourceRead);
}

export function isFileRead(node: LogicalNode): node is FileReadNode {
  return "pattern" in node;
}

/** The sources of an action that read files, each once. */
export function fileReads(action: Action): readonly FileReadNode[] {
  return planNodes(action.input).filter(isFileRead);
}

/** The same files for every source: for plans with one. */
export function oneInput(action: Action, files: readonly InputFile[]): PlanInputs {
  const reads = fileReads(action);
  return { files: new Map(reads.map((node) => [node.id, files])), schemas: new Map() };
}

export function filesOf(inputs: PlanInputs, node: FileReadNode): readonly InputFile[] {
  const files = inputs.files.get(node.id);
  if (files !== undefined && files.length > 0) return files;
  throw new EngineError("INPUT_NOT_FOUND", `no input file matches ${node.pattern}`);
}

/** Declared, or found in the files. */
export function schemaOfRead(inputs: PlanInputs, node: ColumnarReadNode | SourceReadNode): Schema {
  const schema = node.options.schema ?? inputs.schemas.get(node.id);
  if (schema !== undefined) return schema;
  const what = node.kind === "readSource" ? node.name : `${node.format} files ${node.pattern}`;
  throw new EngineError("INTERNAL", `the schema of ${what} was not looked up before planning`);
}

/**
 * Columns of which equal values are read by one task. None where folders name columns: such a value stands for that of
 * the files, whose footers say nothing of it.
 */
export function clusteredIn(inputs: PlanInputs, node: LogicalNode): readonly string[] {
  const areOfFiles = node.kind === "readColumns" && node.options.partitionColumns !== true;
  return areOfFiles ? (inputs.clustered?.get(node.id) ?? []) : [];
}

export function keptOutputOf(inputs: PlanInputs, node: KeptNode): KeptOutput {
  const output = inputs.kept?.get(node.id);
  if (output !== undefined) return output;
  throw new EngineError("INTERNAL", `nothing is known of what is kept for cache#${node.id}`);
}

/** Of sources that did not declare one, and of what is kept. */
export function sourceSchemas({ schemas, kept }: PlanInputs): ReadonlyMap<NodeId, Schema> {
  if (kept === undefined) return schemas;
  const all = new Map(schemas);
  for (const [id, { schema }] of kept) if (schema !== undefined) all.set(id, schema);
  return all;
}
