// Locks of a job that is tested: there is nobody else to hold them.

import { EngineError, toErrorRecord } from "../../proto/errors.ts";
import { encodeValue } from "../../proto/plan/values.ts";
import type { PerformLockStep } from "../driver/session.ts";

/** Tokens count the grants; a job that takes a lock twice is refused as on a cluster. */
export function createTestLocks(): PerformLockStep {
  const held = new Map<string, number>();
  let grants = 0;
  return async (step, actionIndex) => {
    if (step.kind === "unlock") {
      if (held.get(step.name) === step.actionIndex) held.delete(step.name);
      return { kind: "result", parts: [encodeValue("0")] };
    }
    if (held.has(step.name)) {
      const message = `the job holds lock ${step.name} already, and would wait for itself`;
      const error = new EngineError("LOCK_HELD", message, { lock: step.name });
      return { kind: "failed", error: toErrorRecord(error) };
    }
    held.set(step.name, actionIndex);
    grants++;
    return { kind: "result", parts: [encodeValue(String(grants))] };
  };
}
