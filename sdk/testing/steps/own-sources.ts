// Sources and sinks of others in a test: their code runs in this process, one attempt of one task.

import { EngineError } from "../../../proto/errors.ts";
import type {
  PlannedSource,
  SinkCall,
  SinkWrite,
  SourceCall,
  SourceRequest,
  StagedPart,
} from "../../../proto/plan/connector.ts";
import type { Action, SourceReadNode } from "../../../proto/plan/logical.ts";
import type { Schema } from "../../../proto/plan/types.ts";
import { decodeValue, encodeValue } from "../../../proto/plan/values.ts";
import { answeredBatch, viewedBatch } from "./batches.ts";
import { conformed } from "./rows.ts";
import { type ClosureOf, plain, rowsOf, type Table } from "./table.ts";

/** All rows of the source: conditions are not offered to it. */
export async function readSourceStep(node: SourceReadNode, closureOf: ClosureOf): Promise<Table> {
  const ask = closureOf(node.id) as (call: SourceCall) => unknown;
  const schema = node.options.schema ?? ((await ask({ kind: "schema" })) as Schema);
  const request: SourceRequest = { columns: schema.fields.map(({ name }) => name), filters: [] };
  const advice = { splitsAimed: 2, splitsMax: 1000 };
  const { splits } = (await ask({ kind: "plan", request, advice })) as PlannedSource<unknown>;
  const rows: unknown[] = [];
  for (const [taskIndex, split] of splits.entries()) {
    const task = { jobId: "tested", taskIndex, token: 1 };
    // A copy, as on a cluster.
    const own = decodeValue(encodeValue(split));
    const batches = ask({ kind: "read", split: own, request, task }) as AsyncIterable<unknown>;
    for await (const batch of batches) {
      rows.push(...(Array.isArray(batch) ? batch : rowsOf(answeredBatch(batch))));
    }
  }
  return conformed(plain(rows), schema);
}

/** Answers the results of the action's tasks. */
export async function stageStep(
  action: Extract<Action, { readonly kind: "stage" }>,
  write: SinkWrite,
  table: Table,
  closureOf: ClosureOf,
): Promise<readonly string[]> {
  const ask = closureOf(action.id) as (call: SinkCall) => unknown;
  await ask({ kind: "begin", write });
  const rows = rowsOf(table).length;
  if (rows === 0) return [encodeValue([])];
  async function* batches(): AsyncGenerator<unknown> {
    yield viewedBatch(table);
  }
  const attempt = { jobId: write.jobId, taskIndex: 0, token: 1, write };
  try {
    const receipt = await ask({ kind: "stage", batches: batches(), attempt });
    const part: StagedPart = { taskIndex: 0, token: 1, rows, receipt: receipt ?? null };
    return [encodeValue([part])];
  } catch (thrown) {
    await ask({ kind: "abort", write });
    throw thrown;
  }
}

export async function publishStep(
  action: Extract<Action, { readonly kind: "publish" }>,
  write: SinkWrite,
  table: Table,
  closureOf: ClosureOf,
): Promise<readonly string[]> {
  const ask = closureOf(action.id) as (call: SinkCall) => unknown;
  const parts = rowsOf(table).map((text) => {
    if (typeof text === "string") return decodeValue(text) as StagedPart;
    throw new EngineError("INTERNAL", "a staged part is no text");
  });
  try {
    await ask({ kind: "commit", parts, write });
  } catch (thrown) {
    await ask({ kind: "abort", write });
    throw thrown;
  }
  return [encodeValue([])];
}
