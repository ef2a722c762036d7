// Names of a task's operators, as errors and `explain` show them.

import type { TaskProgram } from "../../proto/plan/program.ts";

/** Names as `explain` shows them. The last is that of the sink. */
export function operatorLabels(program: TaskProgram): readonly string[] {
  const names = program.operators.map((operator) => {
    const { kind, node } = operator;
    const isSort = ["sort", "rangeBounds", "sortBounds"].includes(kind);
    return isSort ? `orderBy#${node}` : `${kind}#${node}`;
  });
  const { sink } = program;
  if (sink.kind === "output") return [...names, `write ${sink.format}`];
  if (sink.kind === "stage" || sink.kind === "publish" || sink.kind === "discard") {
    return [...names, `${sink.kind} ${sink.name}#${sink.node}`];
  }
  if (sink.kind !== "shuffle") return [...names, sink.kind];
  const { partitioner } = sink;
  if (!("node" in partitioner)) return [...names, "shuffle"];
  const step = partitioner.kind === "closure" ? "repartition" : "orderBy";
  return [...names, `${step}#${partitioner.node}`];
}
