// Globs over object names: `*` and `?` within a folder, `**` across folders, `{a,b}` alternatives.
import { assert, EngineError } from "../errors.ts";
import { globAlternativesMax } from "../limits/store.ts";

/** A compiled glob. Paths have no scheme; segments are divided by '/'. */
export interface Glob {
  matches(path: string): boolean;
  /**
   * False when nothing below the folder (a path without trailing '/') can match: need not be read.
   */
  mayMatchBelow(folder: string): boolean;
}

const specialCharacter = /[*?{]/;

export function isGlob(pattern: string): boolean {
  return specialCharacter.test(pattern);
}

/** What every match begins with, literally: up to the first special character. */
export function globLiteralPrefix(pattern: string): string {
  const end = pattern.search(specialCharacter);
  return end < 0 ? pattern : pattern.slice(0, end);
}

/**
 * `**` as a whole segment stands for any number of segments; anywhere else it is the same as `*`.
 */
export function compileGlob(pattern: string): Glob {
  const alternatives = expandBraces(pattern).map((alternative) => alternative.split("/"));
  return {
    matches: (path) => {
      const names = path.split("/");
      return alternatives.some((segments) => matchSegments(segments, names)[segments.length]);
    },
    mayMatchBelow: (folder) => {
      const names = folder === "" ? [] : folder.split("/");
      return alternatives.some((segments) =>
        matchSegments(segments, names).slice(0, segments.length).some(Boolean),
      );
    },
  };
}

/** `a{b,c{d,e}}` becomes `ab`, `acd`, `ace`. */
export function expandBraces(pattern: string): readonly string[] {
  let expanded = [pattern];
  for (;;) {
    const next: string[] = [];
    for (const item of expanded) {
      const parts = splitFirstBrace(item);
      if (parts === undefined) next.push(item);
      else for (const choice of parts.choices) next.push(parts.before + choice + parts.after);
      if (next.length > globAlternativesMax) {
        throw new EngineError(
          "USAGE",
          `glob '${pattern}' stands for more than ${globAlternativesMax} alternatives; use '*'`,
        );
      }
    }
    if (!next.some((item) => item.includes("{"))) return next;
    expanded = next;
  }
}

function splitFirstBrace(pattern: string) {
  const open = pattern.indexOf("{");
  if (open < 0) return undefined;
  const choices: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let i = open; i < pattern.length; i++) {
    const character = pattern[i];
    if (character === "{") depth++;
    else if (character === "}") depth--;
    const ends = depth === 0;
    if (ends || (character === "," && depth === 1)) {
      choices.push(pattern.slice(start, i));
      start = i + 1;
    }
    if (ends) return { before: pattern.slice(0, open), choices, after: pattern.slice(i + 1) };
  }
  throw new EngineError("USAGE", `glob '${pattern}' has a '{' without its '}'`);
}

/** Element k tells whether the first k segments of the pattern match all the names. */
function matchSegments(segments: readonly string[], names: readonly string[]): boolean[] {
  let reached = segments.map(() => false);
  reached.push(false);
  reached[0] = true;
  passGlobstars(segments, reached);
  for (const name of names) {
    const next = reached.map(() => false);
    for (let k = 0; k < segments.length; k++) {
      if (!reached[k]) continue;
      const segment = segments[k];
      assert(segment !== undefined, "segment within the pattern");
      if (segment === "**") {
        next[k] = true;
        next[k + 1] = true;
      } else if (matchSegment(segment, name)) next[k + 1] = true;
    }
    passGlobstars(segments, next);
    reached = next;
  }
  return reached;
}

/**
 * `**` may stand for no segment, but at the end of a pattern it asks for one: `a/**` is not `a`.
 */
function passGlobstars(segments: readonly string[], reached: boolean[]): void {
  for (let k = 0; k < segments.length - 1; k++) {
    if (reached[k] && segments[k] === "**") reached[k + 1] = true;
  }
}

/**
 * Greedy with one point to return to: at most pattern × name steps, whatever the number of stars.
 */
function matchSegment(segment: string, name: string): boolean {
  if (!specialCharacter.test(segment)) return segment === name;
  const pattern = [...segment];
  const characters = [...name];
  let p = 0;
  let n = 0;
  let starAt = -1;
  let starTook = 0;
  while (n < characters.length) {
    if (pattern[p] === "*") {
      starAt = p++;
      starTook = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === characters[n])) {
      p++;
      n++;
    } else if (starAt >= 0) {
      p = starAt + 1;
      n = ++starTook;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
