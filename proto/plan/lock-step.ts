// Lock steps of a job as actions: their text, their digest, and the graph without stages that carries them.

import type { ActionOutcome, PlannedAction } from "./bundle.ts";
import { digestText } from "./digest.ts";
import type { LockStep } from "./stage.ts";
import { decodeValue } from "./values.ts";

/** `lock prices`. How long to wait is no part of it: a replay does not wait. */
export function lockStepText(step: LockStep): string {
  return `${step.kind} ${step.name}`;
}

/** One link, as in the digest of a plan, so that a replay that does something else is told what. */
export function lockStepDigest(step: LockStep): string {
  return `${step.kind}:${digestText(lockStepText(step)).slice(0, 8)}`;
}

export function planLockStep(step: LockStep, actionIndex: number): PlannedAction {
  const label = lockStepText(step);
  const planDigest = lockStepDigest(step);
  const line = `${label}\n`;
  return {
    graph: { actionIndex, planDigest, label, stages: [], lock: step },
    keeps: new Map(),
    text: { logical: line, optimised: line, physical: line },
  };
}

/** The token in the outcome of a lock step; 0 in that of an unlock. */
export function lockToken(outcome: Extract<ActionOutcome, { kind: "result" }>): bigint {
  return BigInt(decodeValue(outcome.parts[0] ?? "") as string);
}
