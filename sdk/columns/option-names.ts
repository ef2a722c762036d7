// Options by name: plain JavaScript may hand over anything, and what no method looks at would be ignored.

import { EngineError } from "../../proto/errors.ts";
import { nearestWord } from "../../proto/words/nearest-word.ts";
import { RowSchema } from "./schema.ts";

const wordOf = (given: unknown): string => {
  if (given === null) return "null";
  return Array.isArray(given) ? "a list" : typeof given;
};

/** Throws PLAN_INVALID for options that are no object, or that the method does not have. */
export function checkOptionNames(method: string, given: unknown, known: readonly string[]): void {
  if (given === undefined) return;
  if (given instanceof RowSchema) {
    const advice = known.includes("schema") ? "give { schema: … }" : "it takes none";
    throw new EngineError("PLAN_INVALID", `${method}: its options are a schema; ${advice}`);
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new EngineError(
      "PLAN_INVALID",
      `${method}: its options are ${wordOf(given)}; give an object with ${known.join(", ")}`,
    );
  }
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const nearest = nearestWord(name, known);
    const hint =
      nearest === undefined ? `; there are ${known.join(", ")}` : `; did you mean '${nearest}'?`;
    throw new EngineError("PLAN_INVALID", `${method}: there is no option '${name}'${hint}`);
  }
}
