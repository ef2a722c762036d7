// The id of a job that is tested: sinks of others may remember writes for ever, so no two runs may share one.

import { randomUUID } from "node:crypto";

export function testedJobId(): string {
  return `tested-${randomUUID()}`;
}
