// Text, by arrays of characters.

import { madeTextCharactersMax } from "../../../proto/limits/expressions.ts";
import { type PlainCall, type PlainFunction, wholeOf } from "./plain-call.ts";
import { type Raw, unanswerable } from "./raw-values.ts";

const chars = (text: Raw): string[] => Array.from(text as string);

/** Items at the positions `start` to `start + length - 1`, counted from 1; a negative start from the end. */
export function window<T>(items: readonly T[], start: number, length: number | undefined): T[] {
  const first = start > 0 ? start : start < 0 ? items.length + start + 1 : 1;
  return items.filter((_, index) => {
    const position = index + 1;
    return position >= first && (length === undefined || position < first + length);
  });
}

type Texts = readonly [string, ...string[]];

const plain = (compute: (...texts: string[]) => Raw): PlainFunction => {
  return (_, args) => compute(...(args as unknown as Texts));
};

function trim(atStart: boolean, atEnd: boolean): PlainFunction {
  return (_, [text, set = " "]) => {
    const rest = chars(text);
    const drop = chars(set);
    while (atStart && rest.length > 0 && drop.includes(rest[0]!)) rest.shift();
    while (atEnd && rest.length > 0 && drop.includes(rest.at(-1)!)) rest.pop();
    return rest.join("");
  };
}

function capitalized(text: string): string {
  let isInside = false;
  return chars(text)
    .map((character) => {
      const isWord = /[\p{L}\p{N}]/u.test(character);
      const out = isWord && isInside ? character : character.toUpperCase();
      isInside = isWord;
      return isWord ? out : character;
    })
    .join("");
}

/** Small letters depend on their neighbours (final sigma), so whole rests of words are turned. */
function initcap(text: string): string {
  const parts = text.split(/([\p{L}\p{N}]+)/u);
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return part;
      const [first = "", ...rest] = chars(part);
      return capitalized(first) + rest.join("").toLowerCase();
    })
    .join("");
}

function pad(call: PlainCall, args: readonly Raw[], atStart: boolean): string {
  const length = Math.max(wholeOf(call, args, 1)!, 0);
  if (length > madeTextCharactersMax) throw unanswerable(call.text, "the text would be too long");
  const text = chars(args[0]);
  const fill = chars(args[2] ?? " ");
  if (text.length >= length || fill.length === 0) return text.slice(0, length).join("");
  const filling = Array.from({ length: length - text.length }, (_, i) => fill[i % fill.length]!);
  return atStart ? filling.concat(text).join("") : text.concat(filling).join("");
}

function isLike(text: readonly string[], pattern: readonly string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return text.length === 0;
  if (first === "%") return text.some((_, i) => isLike(text.slice(i), rest)) || isLike([], rest);
  if (text.length === 0) return false;
  if (first === "_") return isLike(text.slice(1), rest);
  if (first === "\\" && rest.length > 0)
    return text[0] === rest[0] && isLike(text.slice(1), rest.slice(1));
  return text[0] === first && isLike(text.slice(1), rest);
}

function matches(text: Raw, pattern: Raw, flags: Raw = ""): RegExpMatchArray[] {
  return [...(text as string).matchAll(new RegExp(pattern as string, `g${flags}u`))];
}

function group(call: PlainCall, match: RegExpMatchArray, index: number): Raw {
  if (index < 0 || index >= match.length)
    throw unanswerable(call.text, `there is no group ${index}`);
  return match[index] ?? null;
}

/** By the definition: the least of what one change, insertion or deletion leaves to do. */
function distance(a: readonly string[], b: readonly string[]): number {
  const known = new Map<string, number>();
  const rest = (i: number, k: number): number => {
    if (i === a.length) return b.length - k;
    if (k === b.length) return a.length - i;
    const key = `${i} ${k}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const same = a[i] === b[k] ? 0 : 1;
    const least = Math.min(same + rest(i + 1, k + 1), 1 + rest(i + 1, k), 1 + rest(i, k + 1));
    known.set(key, least);
    return least;
  };
  return rest(0, 0);
}

function split(text: string, separator: string): string[] {
  return separator === "" ? chars(text) : text.split(separator);
}

export const textFunctions: Readonly<Record<string, PlainFunction>> = {
  upper: plain((text) => text!.toUpperCase()),
  lower: plain((text) => text!.toLowerCase()),
  initcap: plain((text) => initcap(text!)),
  length: plain((text) => chars(text).length),
  byteLength: (_, [value]) =>
    (typeof value === "string" ? new TextEncoder().encode(value) : (value as Uint8Array)).length,
  trim: trim(true, true),
  trimStart: trim(true, false),
  trimEnd: trim(false, true),
  substring: (call, args) =>
    window(chars(args[0]), wholeOf(call, args, 1)!, wholeOf(call, args, 2)).join(""),
  left: (call, args) => window(chars(args[0]), 1, wholeOf(call, args, 1)).join(""),
  right: (call, args) => {
    const text = chars(args[0]);
    const count = Math.max(wholeOf(call, args, 1)!, 0);
    return text.filter((_, index) => index >= text.length - count).join("");
  },
  concat: plain((...texts) => texts.reduce((all, text) => all + text)),
  concatWs: (_, [separator, ...texts]) =>
    separator === null ? null : texts.filter((text) => text !== null).join(separator as string),
  replace: plain((text, part, by) => (part === "" ? text : text!.replaceAll(part!, () => by!))),
  translate: plain((text, from, to) =>
    chars(text)
      .map((character) => {
        const index = chars(from).indexOf(character);
        return index < 0 ? character : (chars(to)[index] ?? "");
      })
      .join(""),
  ),
  split: plain((text, separator) => split(text!, separator!)),
  splitPart: (call, args) => {
    const [text, separator] = args as readonly [string, string];
    const parts = separator === "" ? [text] : text.split(separator);
    const index = wholeOf(call, args, 2)!;
    return parts[index > 0 ? index - 1 : index < 0 ? parts.length + index : -1] ?? "";
  },
  startsWith: plain((text, part) => text!.slice(0, part!.length) === part),
  endsWith: plain((text, part) => part === "" || text!.slice(-part!.length) === part),
  position: plain((text, part) => {
    const at = text!.indexOf(part!);
    return at < 0 ? 0 : chars(text!.slice(0, at)).length + 1;
  }),
  padStart: (call, args) => pad(call, args, true),
  padEnd: (call, args) => pad(call, args, false),
  repeat: (call, args) => {
    const count = Math.max(wholeOf(call, args, 1)!, 0);
    if ((args[0] as string).length * count > madeTextCharactersMax) {
      throw unanswerable(call.text, "the text would be too long");
    }
    return Array.from({ length: count }, () => args[0]).join("");
  },
  reverse: plain((text) => chars(text).reduce((all, character) => character + all, "")),
  like: plain((text, pattern) => isLike(chars(text), chars(pattern))),
  ilike: plain((text, pattern) =>
    isLike(chars(text!.toLowerCase()), chars(pattern!.toLowerCase())),
  ),
  regexMatches: (_, [text, pattern, flags]) => matches(text, pattern, flags).length > 0,
  regexExtract: (call, args) => {
    const [match] = matches(args[0], args[1], args[3]);
    return match === undefined ? null : group(call, match, wholeOf(call, args, 2) ?? 0);
  },
  regexExtractAll: (call, args) =>
    matches(args[0], args[1], args[3]).map((match) =>
      group(call, match, wholeOf(call, args, 2) ?? 0),
    ),
  regexReplace: (_, [text, pattern, by, flags = ""]) =>
    (text as string).replaceAll(new RegExp(pattern as string, `g${flags}u`), by as string),
  ascii: plain((text) => (text === "" ? 0 : chars(text)[0]!.codePointAt(0)!)),
  chr: (call, args) => {
    const code = wholeOf(call, args, 0)!;
    const exists = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
    if (!exists) throw unanswerable(call.text, `there is no character ${code}`);
    return String.fromCodePoint(code);
  },
  levenshtein: plain((a, b) => distance(chars(a), chars(b))),
};
