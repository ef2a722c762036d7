// Values of one type as values of another: whole columns where a loop can, else slot by slot.

import { type DataType, isNumeric, typeText } from "../../../proto/plan/types.ts";
import { valueError } from "./kernel.ts";
import { widened } from "./numeric.ts";
import { nullsOf } from "./take.ts";
import type { Vector } from "./vector.ts";

export function castCanFail(from: DataType, to: DataType): boolean {
  if (from.kind === "null") return false;
  return !(isNumeric(from) && to.kind === "float64");
}

export function castVector(
  vector: Vector,
  to: DataType,
  onFailure: "error" | "null",
  text: string,
): Vector {
  const { type } = vector;
  if (vector.form === "null") return { ...nullsOf(to, vector.length), constant: vector.constant };
  if (isNumeric(type) && isNumeric(to) && onFailure === "error") return widened(vector, to, text);
  throw valueError(text, `there is no cast from ${typeText(type)} to ${typeText(to)}`);
}
