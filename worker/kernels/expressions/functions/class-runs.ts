// All matches of a pattern that is one class of characters once or more, as those of words and numbers are: by the bytes
// of texts, where these are of ASCII.

import { type AsciiClass, asciiClass, runsOfTexts, withOthers } from "../../texts/runs-of-texts.ts";
import type { Call, Kernel } from "../kernel.ts";
import { rawAt } from "../raw.ts";
import { textVector, type Vector } from "../vector.ts";

/** A class that is named, as `\w` and `\p{L}` are, or one between brackets. */
const oneClassOnceOrMore = /^(?:\\[dswDSW]|\\[pP]\{[^{}\\]+\}|\[(?:[^\\\]]|\\.)+\])\+$/su;

function compiled(pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(pattern, flags);
  } catch {
    // What is no pattern fails once a row asks for it, and tells why.
    return undefined;
  }
}

/** The characters of ASCII of the class; undefined where the pattern is another. */
export function classOfRuns(pattern: string, flags: string): AsciiClass | undefined {
  if (!oneClassOnceOrMore.test(pattern)) return undefined;
  // Asked of the pattern itself, so that flags mean what they mean to it.
  const one = compiled(`^${pattern.slice(0, -1)}$`, `${[...new Set(flags)].join("")}u`);
  return one && asciiClass((character) => one.test(character));
}

/** `matchesOf` tells those of one text, for texts that are not of ASCII; `byRow` is the same for every kind of column. */
export function classRuns(
  call: Call,
  members: AsciiClass,
  matchesOf: (text: string) => readonly string[],
  byRow: Kernel,
): Kernel {
  const run: Kernel["run"] = (args, rows, valid) => {
    const text = args[0] as Vector;
    if (text.form !== "text" || text.constant || text.codes !== undefined) {
      return byRow.run(args, rows, valid);
    }
    const runs = runsOfTexts({ offsets: text.offsets, values: text.bytes }, rows, members, valid);
    if (runs === undefined) return byRow.run(args, rows, valid);
    const own = runs.others.map((row) => matchesOf(rawAt(text, row) as string));
    const { lists, offsets, values } = own.length === 0 ? runs : withOthers(runs, own);
    const item = textVector({ kind: "utf8" }, { offsets, values }, undefined);
    const base = { type: call.result, length: rows, constant: false, valid } as const;
    return { ...base, form: "list", offsets: lists, item };
  };
  return { ...byRow, canFail: false, run };
}
