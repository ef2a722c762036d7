// Functions of text. Positions and lengths count characters (code points) from 1, as in SQL.

import { boolType, int32Type, listType, typeText, utf8Type } from "../types.ts";
import { define, number, optional, rest, text } from "./define.ts";
import { mayBe, type ScalarFunction, type TypeAnswer } from "./function.ts";

import { cannotHold } from "./nested.ts";

export const stringFunctions = {
  upper: define("upper(text)", "The text in capital letters.", [text], utf8Type),
  lower: define("lower(text)", "The text in small letters.", [text], utf8Type),
  initcap: define(
    "initcap(text)",
    "The first letter of each word (of letters and digits) as a capital, the others small.",
    [text],
    utf8Type,
  ),
  length: define("length(text)", "How many characters the text has.", [text], int32Type),
  byteLength: define(
    "byteLength(text)",
    "How many bytes the text has in UTF-8, or the binary value has.",
    [{ kinds: ["utf8", "binary"], called: "utf8 or binary" }],
    int32Type,
  ),
  trim: define(
    "trim(text, characters?)",
    "The text without the characters at its start and end; without spaces where none are given.",
    [text, optional(text)],
    utf8Type,
  ),
  trimStart: define(
    "trimStart(text, characters?)",
    "The text without the characters (spaces) at its start.",
    [text, optional(text)],
    utf8Type,
  ),
  trimEnd: define(
    "trimEnd(text, characters?)",
    "The text without the characters (spaces) at its end.",
    [text, optional(text)],
    utf8Type,
  ),
  substring: define(
    "substring(text, start, length?)",
    "The characters from `start` on; a negative start counts from the end, and 0 counts as 1.",
    [text, number, optional(number)],
    utf8Type,
  ),
  left: define(
    "left(text, count)",
    "The first characters; none of a negative count.",
    [text, number],
    utf8Type,
  ),
  right: define(
    "right(text, count)",
    "The last characters; none of a negative count.",
    [text, number],
    utf8Type,
  ),
  concat: define("concat(...texts)", "The texts end to end.", [rest(text)], utf8Type),
  concatWs: define(
    "concatWs(separator, ...texts)",
    "The texts that are not null with the separator between them; null where the separator is.",
    [text, rest(text)],
    utf8Type,
    "own",
  ),
  replace: define(
    "replace(text, part, by)",
    "The text with every `part` replaced; unchanged where `part` is empty.",
    [text, text, text],
    utf8Type,
  ),
  translate: define(
    "translate(text, from, to)",
    "Each character that is in `from` becomes the one at its place in `to`, or nothing where `to` is shorter.",
    [text, text, text],
    utf8Type,
  ),
  split: define(
    "split(text, separator)",
    "The parts between separators; the characters where the separator is empty.",
    [text, text],
    listType(utf8Type, false),
  ),
  splitPart: define(
    "splitPart(text, separator, index)",
    "The part at the index, counted from 1, or from the end where negative; empty where there is none.",
    [text, text, number],
    utf8Type,
  ),
  startsWith: define(
    "startsWith(text, part)",
    "Whether the text starts with the part.",
    [text, text],
    boolType,
  ),
  endsWith: define(
    "endsWith(text, part)",
    "Whether the text ends with the part.",
    [text, text],
    boolType,
  ),
  contains: {
    signature: "contains(textOrList, part)",
    summary: "Whether the part is somewhere in the text, or the value is an item of the list.",
    argsMin: 2,
    argsMax: 2,
    nulls: "propagate",
    resultType: ([whole, part]): TypeAnswer => {
      if (mayBe(whole!, "list", "json")) return cannotHold([whole!, part!]) ?? boolType;
      if (mayBe(whole!, "utf8") && mayBe(part!, "utf8")) return boolType;
      return { problem: `cannot look for ${typeText(part!)} in ${typeText(whole!)}` };
    },
  },
  position: define(
    "position(text, part)",
    "Where the part first starts, counted from 1; 0 where it is not there.",
    [text, text],
    int32Type,
  ),
  padStart: define(
    "padStart(text, length, fill?)",
    "The text brought to the length by fill (spaces) before it; cut to the length where it is longer.",
    [text, number, optional(text)],
    utf8Type,
  ),
  padEnd: define(
    "padEnd(text, length, fill?)",
    "The text brought to the length by fill (spaces) behind it; cut to the length where it is longer.",
    [text, number, optional(text)],
    utf8Type,
  ),
  repeat: define(
    "repeat(text, count)",
    "The text again and again; empty where the count is not positive.",
    [text, number],
    utf8Type,
  ),
  reverse: define("reverse(text)", "The characters from last to first.", [text], utf8Type),
  like: define(
    "like(text, pattern)",
    "Whether the whole text fits the pattern: % is any text, _ any character, \\ takes the next one literally.",
    [text, text],
    boolType,
  ),
  ilike: define(
    "ilike(text, pattern)",
    "As like, with capital and small letters alike.",
    [text, text],
    boolType,
  ),
  regexMatches: define(
    "regexMatches(text, pattern, flags?)",
    "Whether the regular expression (of JavaScript, flag u; flags of i, m, s) fits a part of the text.",
    [text, text, optional(text)],
    boolType,
  ),
  regexExtract: define(
    "regexExtract(text, pattern, group?, flags?)",
    "The first part that fits, or one group of it; null where none fits or the group took no part.",
    [text, text, optional(number), optional(text)],
    utf8Type,
  ),
  regexExtractAll: define(
    "regexExtractAll(text, pattern, group?, flags?)",
    "All parts that fit, or one group of each (null where it took no part).",
    [text, text, optional(number), optional(text)],
    listType(utf8Type),
  ),
  regexReplace: define(
    "regexReplace(text, pattern, by, flags?)",
    "The text with every part that fits replaced; $1 in `by` is the first group, $& the part, $$ a dollar.",
    [text, text, text, optional(text)],
    utf8Type,
  ),
  ascii: define(
    "ascii(text)",
    "The code point of the first character; 0 of the empty text.",
    [text],
    int32Type,
  ),
  chr: define(
    "chr(code)",
    "The character of a code point; one that does not exist is an error.",
    [number],
    utf8Type,
  ),
  levenshtein: define(
    "levenshtein(a, b)",
    "How many characters must be inserted, deleted or changed to make b of a.",
    [text, text],
    int32Type,
  ),
} as const satisfies Record<string, ScalarFunction>;
