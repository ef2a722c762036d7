// Kernels of patterns: regular expressions and like.

import { patternsCachedMax } from "../../../../proto/limits/expressions.ts";
import { boolType, int53Type } from "../../../../proto/plan/types.ts";
import { type Call, type Kernel, type MakeKernel, valueError } from "../kernel.ts";
import { rowwise } from "../rowwise.ts";
import { boolVector, flatVector, type TextVector, type Vector } from "../vector.ts";
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
      // By whole characters: a wildcard for one must not start within one.
      lastAt++;
      while (lastAt < end && (bytes[lastAt]! & 0xc0) === 0x80) lastAt++;
      at = lastAt;
      token = lastAny + 1;
    } else return false;
  }
  while (token < tokens.length && tokens[token] === anyText) token++;
  return token === tokens.length;
}

/** The bytes of a pattern between % and %, where nothing else is wild; undefined of other patterns. */
function searched(tokens: Int32Array): Uint8Array | undefined {
  const inner = tokens.subarray(1, -1);
  const isOpen = tokens.length > 2 && tokens[0] === anyText && tokens.at(-1) === anyText;
  return isOpen && inner.every((token) => token >= 0) ? Uint8Array.from(inner) : undefined;
}

/** Rows that hold the word, by a native search over all their bytes at once. */
function markRowsWith(word: Uint8Array, { offsets, bytes, length }: TextVector, out: Uint8Array) {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, offsets[length]!);
  let row = 0;
  for (let at = all.indexOf(word, offsets[0]!); at >= 0; ) {
    while (offsets[row + 1]! <= at) row++;
    const isWithin = at + word.length <= offsets[row + 1]!;
    if (isWithin) out[row] = 1;
    // One hit is enough for a row; a hit across rows may hide one that starts a byte later.
    at = all.indexOf(word, isWithin ? offsets[row + 1]! : at + 1);
  }
}

function likeConstant(text: TextVector, tokens: Int32Array): Uint8Array {
  const { offsets, bytes, codes, length } = text;
  if (codes !== undefined && offsets.length - 1 > length) {
    return likeConstant(flatVector(text), tokens);
  }
  const slots = codes === undefined ? length : offsets.length - 1;
  const words = new Uint8Array(slots);
  const word = searched(tokens);
  if (word !== undefined) markRowsWith(word, { ...text, length: slots }, words);
  else {
    for (let i = 0; i < slots; i++) {
      words[i] = isLike(bytes, offsets[i]!, offsets[i + 1]!, tokens) ? 1 : 0;
    }
  }
  if (codes === undefined) return words;
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = words[codes[i]!]!;
  return out;
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
