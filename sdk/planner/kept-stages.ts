// Stages of what is kept: the one that makes it, and in later plans the one that stands for it.

import type { CacheNode, KeptNode } from "../../proto/plan/logical.ts";
import { hold, type OpenStage, openHeld, seal } from "./open-stage.ts";
import { keptOutputOf } from "./plan-inputs.ts";
import type { Planning } from "./stages.ts";

export function keep(planning: Planning, open: OpenStage, node: CacheNode): OpenStage {
  const name = planning.names.of(node);
  const { taskCount: tasks, bytesBelow: bytes } = open;
  planning.keeps.set(node.id, { name, tasks, bytes, schema: planning.schemas.of(node) });
  const held = hold(planning.stages, open, node.id, name);
  // A side of a join that was counted is known better than by what lies below it.
  return { ...held, bytesBelow: Math.min(bytes, planning.sizes.of(node).most) };
}

/** Read by the same-numbered tasks, as if the stage that made it stood there. */
export function openKept(planning: Planning, node: KeptNode): OpenStage {
  const { id } = node;
  const { name, tasks, bytes } = keptOutputOf(planning.inputs, node);
  const made: OpenStage = {
    names: [`kept #${id}`],
    taskCount: tasks,
    inputs: [],
    placement: { kind: "any" },
    source: { kind: "kept", node: id },
    operators: [],
    splits: [],
    inputBytes: 0,
    bytesBelow: bytes,
  };
  const sink = { kind: "shuffle", partitioner: { kind: "single" } } as const;
  const output = { kind: "shuffle", partitions: 1 } as const;
  const from = seal(planning.stages, made, sink, output, { keep: name, keptOnly: true });
  return openHeld(from, id, made);
}
