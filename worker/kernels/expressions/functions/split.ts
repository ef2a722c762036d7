// split on the bytes of texts, where the separator is the same for all rows.

import { splitTexts } from "../../texts/split-texts.ts";
import type { Call, Kernel } from "../kernel.ts";
import { rowwise } from "../rowwise.ts";
import { flatVector, type TextVector, textVector, type Vector } from "../vector.ts";

/** Its bytes; undefined where rows differ, or where it is empty, which splits at every character. */
function separatorBytes(separator: Vector): Uint8Array | undefined {
  if (!separator.constant || separator.form !== "text") return undefined;
  const { bytes, offsets } = flatVector(separator);
  const own = bytes.subarray(offsets[0]!, offsets[1]!);
  return own.length === 0 ? undefined : own;
}

/** `parts` are those of one text. Texts are UTF-8, in which no character begins within another. */
export function splitKernel(
  call: Call,
  parts: (text: string, separator: string) => readonly string[],
): Kernel {
  const byRow = rowwise(call, parts);
  const run: Kernel["run"] = (args, rows, valid) => {
    const [text, separator] = args as readonly [TextVector, Vector];
    const bytes = separatorBytes(separator);
    if (bytes === undefined || text.constant || text.codes !== undefined) {
      return byRow.run(args, rows, valid);
    }
    const made = splitTexts({ offsets: text.offsets, values: text.bytes }, rows, bytes, valid);
    if (made === undefined) return byRow.run(args, rows, valid);
    const { lists, offsets, values } = made;
    const item = textVector({ kind: "utf8" }, { offsets, values }, undefined);
    const base = { type: call.result, length: rows, constant: false, valid } as const;
    return { ...base, form: "list", offsets: lists, item };
  };
  return { canFail: false, run };
}
