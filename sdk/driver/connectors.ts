// What a driver asks of sources and sinks of others: columns, splits, the beginning of a write.

import { EngineError } from "../../proto/errors.ts";
import type {
  PlannedSource,
  SinkCall,
  SinkWrite,
  SourceCall,
  SourceRequest,
  SourceSplits,
} from "../../proto/plan/connector.ts";
import type { Action, NodeId, SourceReadNode } from "../../proto/plan/logical.ts";
import type { Schema } from "../../proto/plan/types.ts";
import { RowSchema } from "../columns/schema.ts";
import type { Closure } from "../dataset/session.ts";
import { sourceSplits, splitAdvice } from "../planner/source-stages.ts";

type StageAction = Extract<Action, { readonly kind: "stage" }>;

/** Each rejects with what the code of the other rejected with; errors that are not ours get the connector's name. */
export interface Connectors {
  schema(node: SourceReadNode): Promise<Schema>;
  plan(node: SourceReadNode, request: SourceRequest): Promise<SourceSplits>;
  begin(action: StageAction, write: SinkWrite): Promise<void>;
}

export function connectorsOf(closureOf: (node: NodeId) => Closure | undefined): Connectors {
  async function ask<Answer>(
    what: string,
    node: NodeId,
    call: SourceCall | SinkCall,
  ): Promise<Answer> {
    const closure = closureOf(node) as ((call: SourceCall | SinkCall) => unknown) | undefined;
    if (closure === undefined) throw new EngineError("INTERNAL", `${what} has no code`);
    try {
      return (await closure(call)) as Answer;
    } catch (thrown) {
      if (thrown instanceof EngineError) throw thrown;
      const message =
        thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
      const stack = thrown instanceof Error ? thrown.stack : undefined;
      throw new EngineError(
        "USER_CODE_FAILED",
        `${what}: ${message}`,
        { operator: what, ...(stack === undefined ? {} : { stack }) },
        thrown,
      );
    }
  }
  const nameOf = (node: SourceReadNode): string => `read ${node.name}#${node.id}`;
  return {
    schema: async (node) => {
      const schema = await ask<unknown>(nameOf(node), node.id, { kind: "schema" });
      if (schema instanceof RowSchema) return { fields: schema.fields };
      throw new EngineError(
        "PLAN_INVALID",
        `${nameOf(node)}: its schema is none; use schema({ … })`,
      );
    },
    plan: async (node, request) => {
      const call: SourceCall = { kind: "plan", request, advice: splitAdvice };
      const planned = await ask<PlannedSource<unknown>>(nameOf(node), node.id, call);
      return sourceSplits(node, request, planned);
    },
    begin: (action, write) =>
      ask(`write ${action.name}#${action.id}`, action.id, { kind: "begin", write }),
  };
}
