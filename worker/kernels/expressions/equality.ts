// `isIn` and the equality for which null equals null.

import { boolType, commonType, type DataType } from "../../../proto/plan/types.ts";
import { andBits, validBytes, validityOfBytes } from "./bits.ts";
import { compareBytes, comparedType } from "./compare.ts";
import type { Call, Kernel } from "./kernel.ts";
import { textIsAmong } from "./text-compare.ts";
import {
  boolVector,
  isValidAt,
  type NumberVector,
  type TextVector,
  type Vector,
} from "./vector.ts";

function validAt(vector: Vector, rows: number): Uint8Array {
  if (vector.constant || vector.form === "null") {
    return new Uint8Array(rows).fill(isValidAt(vector, 0) ? 1 : 0);
  }
  return validBytes(vector.valid, rows);
}

export function equalOrBothNull({ types }: Call): Kernel {
  const type = comparedType(types[0]!, types[1]!);
  return {
    argTypes: [type, type],
    canFail: false,
    run: ([left, right], rows) => {
      const [a, b] = [validAt(left!, rows), validAt(right!, rows)];
      const both = new Uint8Array(rows);
      for (let i = 0; i < rows; i++) both[i] = a[i]! & b[i]!;
      const out = compareBytes("eq", left!, right!, rows, validityOfBytes(both));
      for (let i = 0; i < rows; i++) out[i] = (out[i]! & both[i]!) | ((a[i]! | b[i]!) ^ 1);
      return boolVector(boolType, out, undefined);
    },
  };
}

/** Of whole numbers and doubles: NaN equals NaN, and -0 equals 0, as in a set. */
function areAmongNumbers({ values }: NumberVector, others: readonly Vector[], rows: number) {
  const wanted = new Set(others.map((other) => (other as NumberVector).values[0]!));
  const out = new Uint8Array(rows);
  for (let i = 0; i < rows; i++) out[i] = wanted.has(values[i]!) ? 1 : 0;
  return out;
}

/** Looked for once among all, not in a pass for each; undefined where some are no constants, or of another form. */
function isAmongConstants(
  value: Vector,
  others: readonly Vector[],
  rows: number,
): Vector | undefined {
  const areAll = others.every((other) => other.constant && isValidAt(other, 0));
  if (value.constant || !areAll || others.some(({ form }) => form !== value.form)) return undefined;
  if (value.form === "number") {
    return boolVector(boolType, areAmongNumbers(value, others, rows), value.valid);
  }
  if (value.form !== "text" || value.type.kind === "json") return undefined;
  const out = new Uint8Array(rows);
  textIsAmong(value, others as readonly TextVector[], out);
  return boolVector(boolType, out, value.valid);
}

/** True where one equals; else null where the value or one of the others is null. */
export function isInKernel({ types }: Call): Kernel {
  const type = types.reduce<DataType>((common, next) => commonType(common, next) ?? common, {
    kind: "null",
  });
  return {
    argTypes: types.map(() => type),
    canFail: false,
    run: ([value, ...others], rows) => {
      const quick = isAmongConstants(value!, others, rows);
      if (quick !== undefined) return quick;
      const knows = validAt(value!, rows);
      const open = new Uint8Array(rows);
      const out = new Uint8Array(rows);
      for (const other of others) {
        const has = validAt(other, rows);
        const valid = andBits(validityOfBytes(knows), validityOfBytes(has), rows);
        const same = compareBytes("eq", value!, other, rows, valid);
        for (let i = 0; i < rows; i++) {
          out[i] = out[i]! | (same[i]! & has[i]! & knows[i]!);
          open[i] = open[i]! | (has[i]! ^ 1);
        }
      }
      const valid = new Uint8Array(rows);
      for (let i = 0; i < rows; i++) valid[i] = out[i]! | (knows[i]! & (open[i]! ^ 1));
      return boolVector(boolType, out, validityOfBytes(valid));
    },
  };
}
