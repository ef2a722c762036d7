// Kernels of patterns: regular expressions and like.

import { patternsCachedMax } from "../../../../proto/limits/expressions.ts";
import { boolType, int53Type } from "../../../../proto/plan/types.ts";
import { type Call, type Kernel, type MakeKernel, valueError } from "../kernel.ts";
import { rowwise } from "../rowwise.ts";
import { boolVector, flatVector, type TextVector, type Vector } from "../vector.ts";
import { classOfRuns, classRuns } from "./class-runs.ts";
import { searchTexts } from "./search.ts";
import { lowered } from "./text-bytes.ts";

/** Compiled patterns by their text: mostly one, which is a literal. */
function remembered<T>(make: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    let made = known.get(key);
    if (made === undefined) {
      made = make(key);
      if (known.size === patternsCachedMax) known.clear();
      known.set(key, made);
    }
    return made;
  };
}

const userFlags = /^[ims]*$/;

function regexes(call: Call, ownFlags: string): (pattern: string, flags?: string) => RegExp {
  const compile = remembered((key) => {
    const flags = key.slice(0, key.indexOf(" "));
    const pattern = key.slice(flags.length + 1);
    if (!userFlags.test(flags)) {
      throw valueError(call.text, `the flags ${JSON.stringify(flags)} are none of i, m and s`);
    }
    try {
      return new RegExp(pattern, `${[...new Set(flags)].join("")}u${ownFlags}`);
    } catch (cause) {
      throw valueError(call.text, (cause as Error).message);
    }
  });
  return (pattern, flags = "") => compile(`${flags} ${pattern}`);
}

/** A pattern that is a literal is compiled at once: after that no value fails. */
function isChecked(
  { literals }: Call,
  regex: (pattern: string, flags?: string) => RegExp,
): boolean {
  const [, pattern, ...others] = literals;
  const flags = others.at(-1) ?? "";
  if (typeof pattern !== "string" || literals.includes(undefined, 1)) return false;
  regex(pattern, userFlags.test(flags) ? flags : "");
  return true;
}

function regexMatches(call: Call): Kernel {
  const regex = regexes(call, "");
  const test = (text: string, pattern: string, flags?: string) => regex(pattern, flags).test(text);
  return rowwise(call, test, { canFail: !isChecked(call, regex) });
}

function group(call: Call, match: RegExpMatchArray, index: number): string | null {
  if (index >= 0 && index < match.length) return match[index] ?? null;
  throw valueError(call.text, `the pattern has ${match.length - 1} groups, not ${index}`);
}

const extractTypes = [undefined, undefined, int53Type] as const;

function regexExtract(call: Call): Kernel {
  const regex = regexes(call, "");
  const extract = (text: string, pattern: string, index = 0, flags?: string) => {
    const match = regex(pattern, flags).exec(text);
    return match === null ? null : group(call, match, index);
  };
  return rowwise(call, extract, { canFail: true, argTypes: extractTypes });
}

function regexExtractAll(call: Call): Kernel {
  const regex = regexes(call, "g");
  const extract = (text: string, pattern: string, index = 0, flags?: string) =>
    Array.from(text.matchAll(regex(pattern, flags)), (match) => group(call, match, index));
  const [, pattern, index = "0", flags = ""] = call.literals;
  const areLiterals = !call.literals.includes(undefined, 1);
  if (areLiterals && index === "0" && typeof pattern === "string" && typeof flags === "string") {
    const members = userFlags.test(flags) ? classOfRuns(pattern, flags) : undefined;
    if (members !== undefined) {
      const all = regex(pattern, flags);
      const byRow = rowwise(call, extract, { argTypes: extractTypes });
      return classRuns(call, members, (text) => text.match(all) ?? [], byRow);
    }
  }
  return rowwise(call, extract, { canFail: true, argTypes: extractTypes });
}

function regexReplace(call: Call): Kernel {
  const regex = regexes(call, "g");
  const replace = (text: string, pattern: string, by: string, flags?: string) =>
    text.replace(regex(pattern, flags), by);
  return rowwise(call, replace, { canFail: !isChecked(call, regex) });
}

const anyText = -1;
const anyCharacter = -2;

/** Bytes of the pattern, with the wildcards as negative numbers. */
function likeTokens(pattern: string): Int32Array {
  const tokens: number[] = [];
  let escaped = false;
  for (const character of pattern) {
    if (!escaped && character === "\\") {
      escaped = true;
      continue;
    }
    if (!escaped && character === "%") tokens.push(anyText);
    else if (!escaped && character === "_") tokens.push(anyCharacter);
    else tokens.push(...new TextEncoder().encode(character));
    escaped = false;
  }
  // A backslash at the end stands for itself.
  if (escaped) tokens.push(0x5c);
  return Int32Array.from(tokens);
}

/** From where on the rest of a text may be what follows a %, whose first token is known. */
function nextStart(bytes: Uint8Array, from: number, end: number, first: number): number {
  let at = from;
  // A byte that begins a character stands within none.
  if (first >= 0) while (at < end && bytes[at] !== first) at++;
  // By whole characters: a wildcard for one must not start within one.
  else while (at < end && (bytes[at]! & 0xc0) === 0x80) at++;
  return at;
}

/** Greedy, going back to the last % only: linear in the text for each of them. */
function isLike(bytes: Uint8Array, start: number, end: number, tokens: Int32Array): boolean {
  let at = start;
  let token = 0;
  let lastAny = -1;
  let lastAt = 0;
  while (at < end) {
    const wanted = token < tokens.length ? tokens[token]! : -3;
    if (wanted === bytes[at]) {
      at++;
      token++;
    } else if (wanted === anyCharacter) {
      at++;
      while (at < end && (bytes[at]! & 0xc0) === 0x80) at++;
      token++;
    } else if (wanted === anyText) {
      lastAny = token++;
      lastAt = at;
    } else if (lastAny >= 0) {
      lastAt = nextStart(bytes, lastAt + 1, end, tokens[lastAny + 1] ?? anyText);
      at = lastAt;
      token = lastAny + 1;
    } else return false;
  }
  while (token < tokens.length && tokens[token] === anyText) token++;
  return token === tokens.length;
}

/** The longest word that every text of the pattern holds; undefined where all of it is wild. */
function longestWord(tokens: Int32Array): Uint8Array | undefined {
  let best = tokens.subarray(0, 0);
  for (let start = 0, at = 0; at <= tokens.length; at++) {
    if (at < tokens.length && tokens[at]! >= 0) continue;
    if (at - start > best.length) best = tokens.subarray(start, at);
    start = at + 1;
  }
  return best.length === 0 ? undefined : Uint8Array.from(best);
}

/** Whether texts that hold the word are all that the pattern asks for. */
function isWordAlone(tokens: Int32Array, word: Uint8Array): boolean {
  const isOpen = tokens[0] === anyText && tokens.at(-1) === anyText;
  return isOpen && tokens.length === word.length + 2;
}

function likeConstant(text: TextVector, tokens: Int32Array): Uint8Array {
  const word = longestWord(tokens);
  if (word !== undefined && isWordAlone(tokens, word)) return searchTexts(text, word);
  return searchTexts(text, word, (bytes, start, end) => isLike(bytes, start, end, tokens));
}

function like(call: Call, ignoreCase: boolean): Kernel {
  const tokensOf = remembered(likeTokens);
  const byRow = rowwise(call, (text: string, pattern: string) => {
    const bytes = new TextEncoder().encode(text);
    return isLike(bytes, 0, bytes.length, tokensOf(pattern));
  });
  return {
    canFail: false,
    run: (args, rows, valid) => {
      const [text, pattern] = (ignoreCase ? args.map(lowered) : args) as [Vector, Vector];
      if (!pattern.constant || text.constant) return byRow.run([text, pattern], rows, valid);
      const { bytes, offsets } = flatVector(pattern as TextVector);
      const word = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
        bytes.subarray(offsets[0]!, offsets[1]!),
      );
      return boolVector(boolType, likeConstant(text as TextVector, tokensOf(word)), valid);
    },
  };
}

export const patternKernels = {
  like: (call) => like(call, false),
  ilike: (call) => like(call, true),
  regexMatches,
  regexExtract,
  regexExtractAll,
  regexReplace,
} satisfies Record<string, MakeKernel>;
