// What plans have to know of the world: files of every source, and the schemas of those that did not declare one.

import { EngineError } from "../../proto/errors.ts";
import type { DriverHost, InputFile, KeptOutput } from "../../proto/plan/bundle.ts";
import type { SourceSplits } from "../../proto/plan/connector.ts";
import { isGlob } from "../../proto/plan/glob.ts";
import type { Action, ColumnarReadNode, NodeId } from "../../proto/plan/logical.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { countedRead } from "../planner/known-count.ts";
import { sourcesToAsk } from "../planner/plan-action.ts";
import { fileReads, type PlanInputs, sourceReads } from "../planner/plan-inputs.ts";
import { asksTogether } from "../planner/together.ts";
import type { Connectors } from "./connectors.ts";

/** What footers tell of files, which may hold another time when they changed. */
interface Described<Told> {
  readonly files: readonly InputFile[];
  readonly told: Told;
}

/** Of one driver program. Files are listed for each plan; a schema is looked up again when they changed. */
export class InputLookup {
  readonly #host: DriverHost;
  readonly #connectors: Connectors;
  readonly #described = new Map<NodeId, Described<Schema>>();
  readonly #clustered = new Map<NodeId, Described<readonly string[]>>();

  constructor(host: DriverHost, connectors: Connectors) {
    this.#host = host;
    this.#connectors = connectors;
  }

  async of(action: Action, kept: ReadonlyMap<NodeId, KeptOutput>): Promise<PlanInputs> {
    const files = new Map<NodeId, readonly InputFile[]>();
    const schemas = new Map<NodeId, Schema>();
    for (const node of fileReads(action)) {
      const found = await listInputs(this.#host, node.pattern);
      files.set(node.id, found);
      if (node.kind === "readCheckpoint") {
        const schema = await this.#host.describeCheckpoint?.(found);
        if (schema !== undefined) schemas.set(node.id, schema);
      }
      if (node.kind !== "readColumns" || node.options.schema !== undefined) continue;
      schemas.set(node.id, await this.#schemaOf(node, found));
    }
    const reads = sourceReads(action);
    const clustered = await this.#clusteredOf(action, files, schemas);
    if (reads.length === 0) {
      const rows = await this.#rowsOf(action, files, schemas);
      return { files, schemas, kept, clustered, rows };
    }
    for (const node of reads) {
      if (node.options.schema !== undefined) continue;
      schemas.set(node.id, await this.#connectors.schema(node));
    }
    const sources = new Map<NodeId, SourceSplits>();
    for (const { node, request } of sourcesToAsk(action, { files, schemas, kept })) {
      sources.set(node.id, await this.#connectors.plan(node, request));
    }
    return { files, schemas, kept, clustered, sources };
  }

  /** Of an action that asks for equal keys in one task: of which columns they lie so already. */
  async #clusteredOf(
    action: Action,
    files: ReadonlyMap<NodeId, readonly InputFile[]>,
    schemas: ReadonlyMap<NodeId, Schema>,
  ): Promise<ReadonlyMap<NodeId, readonly string[]>> {
    const clustered = new Map<NodeId, readonly string[]>();
    const ask = this.#host.clusteredColumns?.bind(this.#host);
    if (ask === undefined || !asksTogether(action.input)) return clustered;
    const look = async (node: ColumnarReadNode): Promise<void> => {
      const found = files.get(node.id);
      const schema = node.options.schema ?? schemas.get(node.id);
      if (found === undefined || schema === undefined) return;
      const known = this.#clustered.get(node.id);
      const isKnown = known !== undefined && sameFiles(known.files, found);
      // What cannot be read is met by the tasks that read it: what they say of it is an outcome that replays see.
      const names = isKnown ? known.told : await ask(node.format, found, schema).catch(() => []);
      this.#clustered.set(node.id, { files: found, told: names });
      if (names.length > 0) clustered.set(node.id, names);
    };
    await Promise.all(
      fileReads(action).map((node) => (node.kind === "readColumns" ? look(node) : undefined)),
    );
    return clustered;
  }

  async #rowsOf(
    action: Action,
    files: ReadonlyMap<NodeId, readonly InputFile[]>,
    schemas: ReadonlyMap<NodeId, Schema>,
  ): Promise<ReadonlyMap<NodeId, number>> {
    const node = countedRead(action);
    const found = node && files.get(node.id);
    const schema = node && (node.options.schema ?? schemas.get(node.id));
    if (node === undefined || found === undefined || schema === undefined) return new Map();
    // What cannot be read is met by the tasks that count then: what they say of it is an outcome that replays see.
    const rows = await this.#host.countRows?.(node.format, found, schema).catch(() => undefined);
    return new Map(rows === undefined ? [] : [[node.id, rows]]);
  }

  async #schemaOf(node: ColumnarReadNode, files: readonly InputFile[]): Promise<Schema> {
    const known = this.#described.get(node.id);
    if (known !== undefined && sameFiles(known.files, files)) return known.told;
    const schema = await this.#host.describeInput(node.format, files, node.options);
    this.#described.set(node.id, { files, told: schema });
    return schema;
  }
}

function sameFiles(before: readonly InputFile[], now: readonly InputFile[]): boolean {
  if (before.length !== now.length) return false;
  return now.every(
    ({ uri, sizeBytes }, at) => uri === before[at]!.uri && sizeBytes === before[at]!.sizeBytes,
  );
}

async function listInputs(host: DriverHost, pattern: string): Promise<readonly InputFile[]> {
  try {
    return await host.listInputs(pattern);
  } catch (failure) {
    const isMissing = failure instanceof EngineError && failure.code === "INPUT_NOT_FOUND";
    if (!isMissing || pattern.endsWith("/") || isGlob(pattern)) throw failure;
    // `s3://bucket/folder` without its last '/'.
    return await host.listInputs(`${pattern}/`).catch((second: unknown) => {
      throw second instanceof EngineError && second.code === "INPUT_EMPTY" ? second : failure;
    });
  }
}
