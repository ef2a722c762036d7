// Text of a dictionary column as a plain text column.

import { takeTexts } from "../kernels/plain-texts.ts";
import type { DictionaryColumn, TextColumn } from "./column.ts";

export function flatText(column: DictionaryColumn): TextColumn {
  const { codes, dictionary, length, validity } = column;
  const { name, nulls } = column;
  const base = { name, type: "utf8", length, nulls, validity } as const;
  // Codes of nulls may be any.
  const taken =
    validity === undefined ? takeTexts(dictionary, codes.subarray(0, length)) : undefined;
  if (taken !== undefined) return { ...base, ...taken };
  const { offsets: from, values: words } = dictionary;
  const offsets = new Int32Array(length + 1);
  const known = dictionary.length;
  let end = 0;
  for (let i = 0; i < length; i++) {
    const code = codes[i]!;
    const valid = validity === undefined || ((validity[i >> 3]! >> (i & 7)) & 1) === 1;
    if (valid && code < known) end += from[code + 1]! - from[code]!;
    offsets[i + 1] = end;
  }
  const values = new Uint8Array(end);
  for (let i = 0; i < length; i++) {
    let to = offsets[i]!;
    const stop = offsets[i + 1]!;
    if (to === stop) continue;
    for (let at = from[codes[i]!]!; to < stop; at++, to++) values[to] = words[at]!;
  }
  return { ...base, offsets, values };
}
