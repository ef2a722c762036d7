// Kernels of text that work slot by slot.

import { madeTextCharactersMax } from "../../../../proto/limits/expressions.ts";
import { int53Type } from "../../../../proto/plan/types.ts";
import { type Call, type Kernel, type MakeKernel, valueError } from "../kernel.ts";
import { rowwise } from "../rowwise.ts";
import { padding } from "./pads.ts";
import { slicing } from "./slices.ts";
import { splitKernel } from "./split.ts";

/** A text of code units below 128 has one unit for each character, and its positions are plain. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the border of ASCII is meant.
const isAscii = /^[\x00-\x7f]*$/;

export function characters(text: string): readonly string[] {
  return Array.from(text);
}

function sliceCharacters(text: string, start: number, end: number): string {
  if (isAscii.test(text)) return text.slice(start, end);
  return characters(text).slice(start, end).join("");
}

export function characterCount(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count--;
  }
  return count;
}

/** The window of `length` items from `start` (1-based, negative from the end) over `size` items. */
export function windowOf(size: number, start: number, length?: number): [number, number] {
  const begin = start > 0 ? start - 1 : start < 0 ? size + start : 0;
  const end = length === undefined ? size : begin + length;
  return [Math.max(begin, 0), Math.min(Math.max(end, 0), size)];
}

function substring(text: string, start: number, length?: number): string {
  const [from, to] = windowOf(characterCount(text), start, length);
  return from >= to ? "" : sliceCharacters(text, from, to);
}

function trimmed(text: string, set: string, atStart: boolean, atEnd: boolean): string {
  const drop = new Set(characters(set));
  const all = characters(text);
  let from = 0;
  let to = all.length;
  while (atStart && from < to && drop.has(all[from]!)) from++;
  while (atEnd && from < to && drop.has(all[to - 1]!)) to--;
  return from === 0 && to === all.length ? text : all.slice(from, to).join("");
}

function trim(atStart: boolean, atEnd: boolean): MakeKernel {
  return (call) => rowwise(call, (text: string, set = " ") => trimmed(text, set, atStart, atEnd));
}

const wordPattern = /[\p{L}\p{N}]+/gu;

function initcap(text: string): string {
  return text.replace(wordPattern, (word) => {
    const [first = "", ...others] = characters(word);
    return first.toUpperCase() + others.join("").toLowerCase();
  });
}

function tooLong(call: Call, length: number) {
  return valueError(
    call.text,
    `would make a text of ${length} characters, at most ${madeTextCharactersMax}`,
  );
}

function repeat(call: Call): Kernel {
  const again = (text: string, count: number) => {
    const times = Math.max(count, 0);
    if (text.length * times > madeTextCharactersMax) throw tooLong(call, text.length * times);
    return text.repeat(times);
  };
  return rowwise(call, again, { argTypes: [undefined, int53Type], canFail: true });
}

function pad(atStart: boolean): MakeKernel {
  return (call) => {
    const padded = (text: string, length: number, fill = " ") => {
      const wanted = Math.max(length, 0);
      if (wanted > madeTextCharactersMax) throw tooLong(call, wanted);
      const count = characterCount(text);
      if (count >= wanted) return sliceCharacters(text, 0, wanted);
      const pattern = characters(fill);
      if (pattern.length === 0) return text;
      const missing = wanted - count;
      const whole = fill.repeat(Math.floor(missing / pattern.length));
      const filling = whole + pattern.slice(0, missing % pattern.length).join("");
      return atStart ? filling + text : text + filling;
    };
    const byRow = rowwise(call, padded, { argTypes: [undefined, int53Type], canFail: true });
    return padding(byRow, atStart, madeTextCharactersMax);
  };
}

function translate(text: string, from: string, to: string): string {
  const targets = characters(to);
  const byCharacter = new Map<string, string>();
  characters(from).forEach((character, index) => {
    if (!byCharacter.has(character)) byCharacter.set(character, targets[index] ?? "");
  });
  return characters(text)
    .map((character) => byCharacter.get(character) ?? character)
    .join("");
}

function parts(text: string, separator: string): readonly string[] {
  return separator === "" ? characters(text) : text.split(separator);
}

function splitPart(text: string, separator: string, index: number): string {
  const all = separator === "" ? [text] : text.split(separator);
  return all.at(index > 0 ? index - 1 : index < 0 ? index : all.length) ?? "";
}

function position(text: string, part: string): number {
  const at = text.indexOf(part);
  return at < 0 ? 0 : characterCount(text.slice(0, at)) + 1;
}

function levenshtein(left: string, right: string): number {
  const [a, b] = [characters(left), characters(right)];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, character] of a.entries()) {
    const next = [i + 1];
    for (const [k, other] of b.entries()) {
      const change = row[k]! + (character === other ? 0 : 1);
      next.push(Math.min(change, row[k + 1]! + 1, next[k]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

function chr(call: Call): Kernel {
  const character = (code: number) => {
    const isSurrogate = code >= 0xd800 && code <= 0xdfff;
    if (code >= 0 && code <= 0x10ffff && !isSurrogate) return String.fromCodePoint(code);
    throw valueError(call.text, `there is no character ${code}`);
  };
  return rowwise(call, character, { argTypes: [int53Type], canFail: true });
}

const counted = (compute: (text: string, ...counts: number[]) => string): MakeKernel => {
  return (call) =>
    rowwise(call, compute, { argTypes: [undefined, int53Type, int53Type], canFail: false });
};

const plain = (compute: (...texts: string[]) => unknown): MakeKernel => {
  return (call) => rowwise(call, compute);
};

export const textKernels = {
  initcap: plain((text) => initcap(text!)),
  trim: trim(true, true),
  trimStart: trim(true, false),
  trimEnd: trim(false, true),
  substring: (call) =>
    slicing(
      counted((text, start, length) => substring(text, start!, length))(call),
      (size, start, length) => windowOf(size, start!, length),
    ),
  left: (call) =>
    slicing(
      counted((text, count) => sliceCharacters(text, 0, Math.max(count!, 0)))(call),
      (size, count) => windowOf(size, 1, Math.max(count!, 0)),
    ),
  right: (call) =>
    slicing(
      counted((text, count) => (count! <= 0 ? "" : substring(text, -count!)))(call),
      (size, count) => (count! <= 0 ? [0, 0] : windowOf(size, -count!)),
    ),
  concat: plain((...texts) => texts.join("")),
  concatWs: (call) =>
    rowwise(
      call,
      (separator: string | null, ...texts: (string | null)[]) =>
        separator === null ? null : texts.filter((text) => text !== null).join(separator),
      { seesNulls: true },
    ),
  replace: plain((text, part, by) => (part === "" ? text : text!.split(part!).join(by))),
  translate: plain((text, from, to) => translate(text!, from!, to!)),
  split: (call) => splitKernel(call, (text, separator) => parts(text, separator)),
  splitPart: (call) => rowwise(call, splitPart, { argTypes: [undefined, undefined, int53Type] }),
  position: plain((text, part) => position(text!, part!)),
  padStart: pad(true),
  padEnd: pad(false),
  repeat,
  reverse: plain((text) => [...characters(text!)].reverse().join("")),
  ascii: plain((text) => text!.codePointAt(0) ?? 0),
  chr,
  levenshtein: plain((a, b) => levenshtein(a!, b!)),
} satisfies Record<string, MakeKernel>;
