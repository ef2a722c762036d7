// What an agent tells its executor of tasks: what those of one lease have in common travels once.

import { serialize } from "node:v8";
import type { TaskProgram } from "../../proto/plan/program.ts";
import type { LeaseSpec, OwnSpec, TaskSpec } from "../../proto/ports/executor.ts";
import type { NumberedTask, ToExecutorTasks } from "./messages.ts";

export interface TaskToSend {
  readonly id: number;
  readonly spec: TaskSpec;
}

/** Sinks that show nothing outside before the report: neither files of an output, nor calls of the user's code. */
function isRepeatable({ sink }: TaskProgram): boolean {
  return ["shuffle", "collect", "count", "arrow"].includes(sink.kind);
}

function divided(spec: TaskSpec): { readonly lease: LeaseSpec; readonly own: OwnSpec } {
  const { taskIndex, attempt, split, partitions, ...lease } = spec;
  const own = {
    taskIndex,
    attempt,
    ...(split === undefined ? {} : { split }),
    ...(partitions === undefined ? {} : { partitions }),
  };
  return { lease, own };
}

/** The token names the lease; the parts that its tasks share are the same objects. */
function isSameLease(one: TaskSpec, other: TaskSpec): boolean {
  return (
    one.token === other.token &&
    one.context.jobId === other.context.jobId &&
    one.program === other.program &&
    one.inputs === other.inputs &&
    one.history === other.history
  );
}

function messageOf(first: TaskSpec, tasks: readonly NumberedTask[]): ToExecutorTasks {
  const { context, actionIndex, stageId, program } = first;
  return {
    kind: "tasks",
    lease: serialize(divided(first).lease),
    stage: `${context.jobId}/${actionIndex}/${stageId}`,
    isRepeatable: isRepeatable(program),
    tasks,
  };
}

/** In the order of the tasks; those of a lease that follow each other share a message. */
export function messagesOf(tasks: readonly TaskToSend[]): ToExecutorTasks[] {
  const messages: ToExecutorTasks[] = [];
  let together: NumberedTask[] = [];
  for (const [index, { id, spec }] of tasks.entries()) {
    together.push({ id, own: divided(spec).own });
    const next = tasks[index + 1];
    if (next !== undefined && isSameLease(spec, next.spec)) continue;
    messages.push(messageOf(spec, together));
    together = [];
  }
  return messages;
}
